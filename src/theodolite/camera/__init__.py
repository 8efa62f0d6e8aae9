"""What took the picture: intrinsics and where they come from; into the canonical camera and back."""

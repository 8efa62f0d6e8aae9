"""Clips: a video's depth with one camera, one scale and one range of colours, as files and as a film side by side."""

"""Depth maps, points, normals, edges, alignment and meshes; the same code for NumPy and PyTorch."""

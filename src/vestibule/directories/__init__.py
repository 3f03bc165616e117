"""Directories: where users and their passwords live, one file or folder for each kind."""

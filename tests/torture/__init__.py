"""Work killed at each system call that writes: a merge (`python -m torture`), what retention does to event files. Linux."""

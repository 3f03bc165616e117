"""The programs by other people that the tests talk to, and how each is started.

Each peer is a plain class with `start()` and `stop()` that can be used without pytest; `tests/conftest.py`
makes thin fixtures of them. A peer listens on the loopback interface only, keeps everything in a folder of
its own, needs nothing on the machine beside its package (`tools/debian-packages.txt`), and dies with the
process that started it.
"""

"""Servers over real sockets that show the script of the plant as real devices would."""

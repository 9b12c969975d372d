"""The apps, each in a module a server can import, as its documentation has it."""

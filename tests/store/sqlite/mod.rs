//! What SQLite alone has to show: its file, its schema, its log, and what is left in them.

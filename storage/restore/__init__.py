"""Getting back what a store has lost: from a backup, another store, an exported file or a folder of files."""

"""Files of others and objects of other libraries, to and from values of the engine; never the store."""

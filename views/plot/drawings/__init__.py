"""The drawings: each function draws one value into axes; the registry beside this folder names them."""

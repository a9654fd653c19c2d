"""Where the steps of a map run, beside the threads of this process: other processes, and clusters of Dask."""

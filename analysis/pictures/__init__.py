"""Values that figures draw: matrices in the order of a clustering, spectra, histograms, layouts."""

"""What is removed from expression before a covariance is estimated: category means, covariates, components."""

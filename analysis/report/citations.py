"""The works that the methods of a version may rest on; `docs/mathematics.md` says what each is used for."""

from __future__ import annotations

from .report import Citation

SCHAFER = Citation(
    "Schäfer and Strimmer 2005",
    "Schäfer J, Strimmer K. A shrinkage approach to large-scale covariance matrix estimation and implications for "
    "functional genomics. Stat Appl Genet Mol Biol 4, 32 (2005).",
    "10.2202/1544-6115.1175",
)
OPGEN_RHEIN = Citation(
    "Opgen-Rhein and Strimmer 2007",
    "Opgen-Rhein R, Strimmer K. Accurate ranking of differentially expressed genes by a distribution-free shrinkage "
    "approach. Stat Appl Genet Mol Biol 6, 9 (2007).",
    "10.2202/1544-6115.1252",
)
LEDOIT = Citation(
    "Ledoit and Wolf 2003",
    "Ledoit O, Wolf M. Improved estimation of the covariance matrix of stock returns with an application to portfolio "
    "selection. J Empir Finance 10, 603–621 (2003).",
    "10.1016/S0927-5398(03)00007-0",
)
LAWLEY = Citation(
    "Lawley and Maxwell 1971",
    "Lawley DN, Maxwell AE. Factor Analysis as a Statistical Method. Butterworths (1971).",
)
ONATSKI = Citation(
    "Onatski 2010",
    "Onatski A. Determining the number of factors from empirical distribution of eigenvalues. Rev Econ Stat 92, "
    "1004–1016 (2010).",
    "10.1162/REST_a_00043",
)
WOODBURY = Citation(
    "Woodbury 1950",
    "Woodbury MA. Inverting modified matrices. Memorandum Report 42, Statistical Research Group, Princeton University "
    "(1950).",
)
LAURITZEN = Citation("Lauritzen 1996", "Lauritzen SL. Graphical Models. Oxford University Press (1996).")
MARCHENKO = Citation(
    "Marchenko and Pastur 1967",
    "Marchenko VA, Pastur LA. Distribution of eigenvalues for some sets of random matrices. Math USSR Sb 1, 457–483 "
    "(1967).",
    "10.1070/SM1967v001n04ABEH001994",
)
BLOM = Citation("Blom 1958", "Blom G. Statistical Estimates and Transformed Beta-Variables. Wiley (1958).")
BENJAMINI = Citation(
    "Benjamini and Hochberg 1995",
    "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful approach to multiple "
    "testing. J R Stat Soc B 57, 289–300 (1995).",
    "10.1111/j.2517-6161.1995.tb02031.x",
)
KORN = Citation(
    "Korn et al. 2004",
    "Korn EL, Troendle JF, McShane LM, Simon R. Controlling the number of false discoveries: application to "
    "high-dimensional genomic data. J Stat Plan Inference 124, 379–398 (2004).",
    "10.1016/S0378-3758(03)00211-8",
)

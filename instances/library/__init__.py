"""Instance sets and their best known values."""

"""Cost of a stage on AWS by list prices: prices, counted units, and the sum."""

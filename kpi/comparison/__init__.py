"""Before against after: periods, days, interval, word, and everything that speaks against them."""

"""What is wrong with lines that cannot be read, and how reading goes on behind them."""

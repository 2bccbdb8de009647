"""What is kept on disk or sent on: journal, ledger files, archive of frames, time series, slot ledger."""

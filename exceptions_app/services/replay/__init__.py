"""Replay a retailer's own order and credit lines through the whole pipeline, against twins."""

"""Faults on a running stack, one after the other: after each the pipeline recovers by itself and the proof balances."""

"""Campaigns in other forms: written for elsewhere, and read from there."""

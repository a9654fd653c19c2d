"""Tests of many columns or gene sets under one mixed model."""

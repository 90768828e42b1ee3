"""What the tests of several packages share: database servers and the browser."""

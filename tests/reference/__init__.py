"""What the product is compared with: slow, obvious code that shares nothing with it."""

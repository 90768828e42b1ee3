"""The account pages: register, confirm the address, sign in, second factor, security, passwords."""

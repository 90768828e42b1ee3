"""Every way of asking gives the reference's answer, on made worlds and on the rolebooks' cases."""

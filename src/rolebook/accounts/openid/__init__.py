"""OpenID Connect, the relying party's side: ask a provider who somebody is, and check its answer."""

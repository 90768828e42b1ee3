"""Pages about one's own record: registering for it, and a manager's word about whose it is (IQCS-01)."""

"""What each requirement says, in a few words of ours: a title and a sentence for the acceptance report."""

STATEMENTS = {
    "IQIES-01": (
        "Every user needs a role",
        "An account without a role reads the role matrix, finds the role it needs and asks for it; nothing else opens.",
    ),
    "IQIES-02": (
        "Three ways to a role",
        "An approved request, a recorded designation or a recorded import give a role; nothing else does.",
    ),
    "IQIES-03": (
        "Which role do I need?",
        "Who picks privileges gets the roles that have them, with the fewest extra privileges first.",
    ),
    "IQIES-04": (
        "One user category",
        "A person's roles are of one category: at request, outcome, grant, import, designation, and under races.",
    ),
    "IQIES-05": (
        "Security Officials decide",
        "Exactly the four roles that the matrix names decide, each for its own category and its own organizations.",
    ),
    "IQIES-06": (
        "At least two Security Officials",
        "An organization with fewer than two is told on its page, in a report and by mail; nothing is blocked.",
    ),
    "IQIES-07": (
        "CMS roles reach nationwide",
        "Roles of CMS staff reach the data of every provider and state.",
    ),
    "IQIES-08": (
        "CMS Security Official is designated",
        "It cannot be asked for, only designated, and the page says so.",
    ),
    "IQIES-09": (
        "The matrix as printed",
        "Every table, area, row and cell stands as the job aid prints it, with its other names and what it leaves out.",
    ),
    "IQIES-10": (
        "Nobody listed deletes a survey",
        "Only the designated CMS Admin role does, and that is all it gives; the footnote stands where the row stands.",
    ),
    "IQIES-11": ("Help desk is in the CMS category", "Support roles stand under the CMS user category."),
    "IQIES-12": (
        "Contractors reach several states",
        "One grant of a MAC contractor role reaches a set of states.",
    ),
    "IQIES-13": (
        "Providers reach their own",
        "Provider roles reach the organizations they were granted for, no others.",
    ),
    "IQIES-14": (
        "Assessments",
        "The Submitter does not edit; where a note and the matrix differ, the matrix decides and lint says so.",
    ),
    "IQIES-15": (
        "State Agency General User",
        "Everything the matrix gives in the own state, seven read-only privileges outside of it.",
    ),
    "IQIES-16": (
        "State-prohibited codes",
        "Two roles manage them, one of them in its own state; no other does.",
    ),
    "IQIES-17": (
        "Financial management",
        "The Office of Financial Management User has the four CMPTS privileges.",
    ),
    "IQIES-18": (
        "The matrix to read and to take away",
        "Any signed-in user reads and searches it, and downloads it as CSV, XLSX and PDF.",
    ),
    "QPP-01": (
        "Signing in",
        "User ID, password and the Statement of Truth at once, then a security code; Register stands beside Sign In.",
    ),
    "QPP-02": (
        "Registering",
        "A new user confirms the e-mail address, sets up a second factor, and asks for a role.",
    ),
    "QPP-03": ("Manage Access in the navigation", "It stands in the left-hand navigation."),
    "QPP-04": (
        "Pending Requests",
        "The requests that one made, and those to decide over all organizations that one represents.",
    ),
    "QPP-05": (
        "Approve and Deny beside each name",
        "Each request names requester, role and organization, with both buttons beside it.",
    ),
    "QPP-06": (
        "View Users",
        "A Security Official sees everybody connected or pending at an organization; others are refused.",
    ),
    "QPP-07": ("The official is told", "After a decision: a notification on the page and an e-mail."),
    "QPP-08": ("The requester is told", "The decision comes by e-mail to the address of the account."),
    "QPP-09": (
        "Officials hear of new requests",
        "Every Security Official of the organization gets an e-mail when a request starts to wait.",
    ),
    "QPP-10": (
        "Remove Access",
        "Yes, Remove Access or No, Cancel Action; it takes effect everywhere, and the page says when.",
    ),
    "QPP-11": (
        "Nobody removes themselves",
        "Another Security Official must; the only one is told whom to contact and what to have ready.",
    ),
    "QPP-12": (
        "Any number of officials",
        "There is no limit, and an organization with one is advised to add others.",
    ),
    "QPP-13": (
        "Denied, and asked again",
        "A denied request is submitted again with one press; who denied by mistake asks for that with one press.",
    ),
    "QPP-14": ("Two roles", "Both act for the organization; only the Security Official manages access."),
    "QPP-15": (
        "Busy periods",
        "Lists are paged, sorted, filtered and searched; many requests are decided at once; size slows nothing.",
    ),
    "QPP-16": (
        "Reminders",
        "A digest of what waits by e-mail as often as one likes, and a calendar feed.",
    ),
    "IQCS-01": (
        "Two kinds of account",
        "A responder account reaches its own record; a standard account manages the records of others.",
    ),
    "IQCS-02": (
        "New or Modification",
        "The system says which applies; an account manager may ask for somebody else, who sees who asked.",
    ),
    "IQCS-03": (
        "Chains per agency",
        "Who decides, in which order, is data of each agency; security closes after all chains have joined.",
    ),
    "IQCS-04": (
        "Another agency's organizations",
        "Both agencies decide, the other agency first, and its lead always; who decided is named.",
    ),
    "IQCS-05": (
        "Roles and access apart",
        "A role says what can be done, access on whose records; each is asked for, given and removed on its own.",
    ),
    "IQCS-06": (
        "Returned for correction",
        "What is incomplete goes back with what is missing, and keeps its history when it comes again.",
    ),
    "IQCS-07": (
        "Training certificates",
        "Needed or not by the date of the request and the agency; the form says whom to ask.",
    ),
    "IQCS-08": (
        "Twelve months without a sign-in",
        "The account closes by itself after warnings, in that program alone, whether a job has run or not.",
    ),
    "IQCS-09": ("Rejected mail", "A rejected e-mail deactivates the account, and somebody hears of it."),
    "IQCS-10": (
        "Reactivation",
        "The representative asks and security reactivates; what was held at the closing comes back.",
    ),
    "IQCS-11": ("Temporary details", "They start and end by themselves, with a notice before."),
    "IQCS-12": (
        "The annual user audit",
        "Three questions about every standard account; removals follow, and it stays true while people change.",
    ),
    "IQCS-13": (
        "The User Audit Report",
        "Each agency gets every account that reaches its codes, at opening, at any time, and final at closing.",
    ),
    "IQCS-14": ("All is kept", "Comments, attachments and every hand-over are kept with the request."),
    "IQCS-15": ("Whom to ask", "The contact for the user's own agency is shown."),
}

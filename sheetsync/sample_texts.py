"""What the three people of the sample year write: companies, notes, and the texts of their reviews.

A line is one entry; ` | ` stands between its columns.
"""


def lines(block: str) -> list[list[str]]:
    """The entries of a block, each cut into its columns."""
    return [[part.strip() for part in line.split(" | ")] for line in block.strip().splitlines()]


COMPANIES, BRANCHES = lines("""
Harbour | Northgate | Silverline | Kestrel | Bluebell | Ironbridge | Larkfield | Oakwood | Sable | Thistle | Winslow
Logistics | Dental Care | Foods | Print | Interiors | Bikes | Legal | Garden Centre | Brewing | Software | Tools
""")

NOTES = {
    entry[0]: entry[1:]
    for entry in lines("""
Cold call | left a voicemail | call back after the 15th | asked for our price list | spoke to the assistant
Invitation | breakfast talk | open day | asked for two seats | sent by post, with a card | a colleague comes instead
Follow-up | sent the case study | waiting for their budget round | comparing offers | questions about the terms
Meeting | good questions about onboarding | decision maker joined late | price is the issue | they want a pilot
Order won | signed after the second visit | a renewal, larger than before | referred by a customer | starts next month
Article | Five questions before you buy | What customers ask most | A checklist for the first month | Why pilots fail
""")
}

# A week: how it went | goals for next week | actions for next week
WEEKLY = {
    "Ann": lines("""
Good rhythm, calls done before ten every day. | 12 calls, one new buyer at Oakwood | Keep 9 to 10 for calls
Two visits cancelled, did follow-ups instead. | New dates for both, four meetings | Postpone by phone, not by email
Best week of the quarter: three offers out. | Answers on all three offers | Ring each of them on Tuesday
Tired by Thursday; the article took its time. | Back to two calls a day | Write the next article in two sittings
Steady. The breakfast talk brought five names. | Call all five names | Prepare one good question for each
Numbers fine, but I avoided the hard calls. | The three hard calls first | Hard call first thing, then coffee
Half the calls reached nobody before ten. | Try late mornings | Move the call block to 11:15
Order from Kestrel, after eight months! | Ask Kestrel for two referrals | Write to their two sister companies
"""),
    "Ben": lines("""
Busy with quotes, no time for calls. | Start calling again | Five calls on Monday
Not my week. | Catch up before the month ends | Sit with Ann on Tuesday and call together
Caught up in the last two days; it hurts. | Not leave it to the end again | Two calls a day, in the calendar
One big quote eats everything. | Send it by Wednesday | Ask for help with the calculation
"""),
    "Carla": lines("""
Getting to know the area; people are friendly. | Ten visits planned for the month | Map the customers by street
Talks go well, closing does not. | Ask for the order in each meeting | Practise the closing question with Dana
First repeat customer! | Three more from the old list | Go through the list every Monday
Four days go fast; Thursday was all paperwork. | Paperwork in one hour | Templates for the three usual offers
Good calls, used the tally on busy days. | Eight calls, three meetings | Calls on the way between visits
A no that was a real no. Good to know early. | Replace it with two new leads | Ask at the chamber's evening
"""),
}

# A week: progress and milestones | hassles and potholes | next action | was the promise of the week before kept?
PARTNER = {
    "Ann": lines("""
Offer out to Meridian, the largest this year | Nobody answers before ten | Ring Meridian's buyer on Tuesday | yes
Two new customers from the open day | My call list is getting thin | Fifty names from the trade register | yes
Pilot at Larkfield agreed | The demo laptop gave up twice | Have the laptop replaced before the pilot | partly
Slow week, still ten calls | Two cancelled visits in one day | Fix new dates by phone, not by email | no
Back on track with meetings | The price list is out of date | Get the new list from Sam by Wednesday | yes
Three orders, one from a referral | Evenings go into offers | Use the template for all small offers | yes
Article is out, four people wrote back | A competitor undercuts us at Sable | Show Sable the service figures | partly
Kestrel signed | None worth naming | Ask Kestrel for two referrals | yes
"""),
    "Ben": lines("""
Quote for Ironbridge is out | I do not get to calling | Five calls before Monday lunch | no
Caught up at the month's end | Everything at once | Call one hour each morning, door closed | partly
One meeting, a good one | Waiting for Ironbridge | Ask Ironbridge for a yes or a no | no
Ironbridge wants changes | The discount needs approval | Put the case to Sam on Thursday | yes
"""),
    "Carla": lines("""
Met six people from the old list | Addresses are often wrong | Clean the list, twenty a day | yes
First order of the month | I talk too long before asking | Ask for the order within half an hour | partly
Two pilots planned | Nobody wants to decide yet | Agree decision dates with both | yes
Invitation list is ready | Printing is late | Send the invitations by email instead | yes
Closed with Bluebell | Long drives on Wednesdays | Group the visits by area | partly
Three meetings in four days | Thursday paperwork | Write the offers on the same evening | yes
"""),
}

# A day: today's actions | how it went | tomorrow's actions
DAILY = lines("""
Call two from the open-day list; send Oakwood's offer | Offer sent, reached one of two | Ring the other before ten
Prepare Thursday's meeting; three calls | Meeting is ready, two calls | The third call first
Follow up on both pilots | Both answered, one wants a date | Agree the date
Invitations for the breakfast talk | Five sent, one yes already | Five more
Visit Harbour; call two on the way | Good visit, no time for calls | Make up the two calls
Article: first half | Slow start, then it ran | Second half before lunch
Four calls before eleven | Four of four | Keep the same hour
Ask Thistle for the order | They need a week | Put a reminder in for next week
Price question with finance; two calls | Answered, calls done | Send the new price to Winslow
Clear the follow-ups | Three left | Finish the three
""")

# A month: what I'm doing | where I'm headed | what I'll do next month | ideas from the group
MONTHLY = lines("""
Calls every morning | Larger customers, fewer small offers | Two referrals a week | Ask at delivery
Working through the old list | A calendar full three weeks ahead | Ring everyone from spring | Swap lists
Offers and follow-ups | A yes or no within two weeks | A decision date in each offer | Send a short video
""")

# A quarter: three priorities | what must get done | actions
QUARTERLY = {
    "Ann": lines(
        "Win Meridian | Ten referrals | An article a month | Offer template, price list | Two referral calls a week"
    ),
    "Ben": lines(
        "Close Ironbridge | Call every day | Ask for help early | Quote tool in use | Calls with Ann on Tuesdays"
    ),
    "Carla": lines(
        "Visit the whole old list | Two pilots | Ask for the order | Clean addresses | Twenty addresses a day"
    ),
}

# A year: big picture | what do I need to do? | will it get me there?
ANNUAL = {
    "Ann": lines(
        "The first choice of mid-sized firms | Ten calls a week, an article a month | Yes, if the large deals hold"
    ),
    "Ben": lines("Fewer, larger customers, evenings free | Call daily, not in the last week only | Not at this rate"),
    "Carla": lines("Know everyone in the south by name | Visit, ask, follow up within two days | I think so"),
}

"""What the voices of the bank say. Every text is a complete utterance of its kind.

A voice says all of SHARED and every third text of POOLS, so that no two say just the same.
"""

from __future__ import annotations

SHARED: dict[str, tuple[str, ...]] = {
    'backchannel': ('Okay.', 'Right.', 'Yes.', 'I see.', 'Yeah.', 'Sure.', 'Uh huh.', 'Mm hm.',
                    'Got it.', 'Oh.'),
    'filler': ('Um.', 'Uh.'),
    'hello': ('Hello?',),
    'thanks': ('Okay, thank you.',),
    'choral': ('Four seven one nine.', 'Thursday at ten o\'clock.'),
    'no_more': ('No, that is all.',),
    'further_help': ('Is there anything else I can help you with?',),
    'closing': ('Thank you for calling. Have a nice day. Goodbye.',),
    'goodbye': ('Goodbye.',),
}

POOLS: dict[str, tuple[str, ...]] = {
    'opening': (
        'Good morning, thank you for calling Harbor Books. How can I help you?',
        'Hello, this is Union Bank, my name is Laura. What can I do for you?',
        'Good afternoon, Northern Trains customer service. How may I help you?',
        'Thank you for calling Green Energy. How can I help you today?',
        'Good evening, you are speaking with Martin. How may I assist you?',
        'Welcome to City Insurance, this is Karen. How can I help?',
    ),
    'agent': (
        'Could you give me the order number, please?',
        'I have your account open in front of me now.',
        'The parcel left our warehouse on Monday morning.',
        'We can send a technician to your house on Thursday.',
        'I have changed the address on your account.',
        'The new limit will be active from tomorrow morning.',
        'Your refund should arrive within five working days.',
        'I am sorry to hear that, let me look into it.',
        'May I have the last four digits of your card?',
        'The last train leaves from platform two at midnight.',
        'I can offer you a discount on the next invoice.',
        'Did you try to switch the router off and on again?',
        'There is a note from my colleague on your file.',
        'I will send you a confirmation by email today.',
        'That price does not include the delivery charge.',
        'Your contract ends on the last day of October.',
        'Our engineers have been working on this since yesterday.',
        'You will find the number on the back of the card.',
    ),
    'caller': (
        'I am calling about a bill that I do not understand.',
        'My internet connection fails every evening.',
        'I ordered a lamp two weeks ago and it never came.',
        'I would like to raise the limit of my credit card.',
        'Nobody told me about that when I signed the contract.',
        'Could you tell me when the technician will be here?',
        'I already explained this to somebody else last week.',
        'The box was open and one of the parts was missing.',
        'I have tried that twice and it did not change anything.',
        'Can you send the invoice to my new address?',
        'It says on your website that returns are free.',
        'The number on the letter is different from mine.',
        'I need to move my appointment to another day.',
        'I paid the full amount at the beginning of the month.',
        'Is it possible to speak with somebody in sales?',
        'We moved to a smaller apartment in the spring.',
        'I can be at home on Wednesday after five.',
        'My password does not work on the new telephone.',
    ),
    'agent_long': (
        'What you need to do is open the settings page, choose the second tab from the left, and '
        'then enter the code that we sent to your telephone.',
        'I can see that the payment arrived on the third of the month, but our system booked it to '
        'an older invoice, so the reminder was sent out to you by mistake.',
        'The technician will call you about half an hour before he arrives, so you can tell him '
        'where to park and which of the doors he should use.',
        'We do not charge anything for the first replacement, but if the device is damaged again '
        'within a year, you would have to pay for the repair yourself.',
        'Your new card will be sent by registered mail, and the number that goes with it follows '
        'in a separate letter two or three days later.',
        'The offer on our website is for new customers only, but because you have been with us for '
        'so long, I can give you the same price until the end of the year.',
        'The train that you booked does not run on Sundays, so I have put you on the one before, '
        'which leaves twenty minutes earlier and has a dining car.',
        'When the light turns green you can let go of the button, and then it takes five or six '
        'minutes until the television finds all of the channels again.',
        'Our accounts department closes at four on Fridays, but I can leave a message for them, '
        'and they will get in touch with you first thing on Monday.',
    ),
    'caller_long': (
        'I bought this machine at your store in the center of town, and when I came home I noticed '
        'that the cable was much too short for my kitchen.',
        'My neighbor has exactly the same contract as I do, and he pays ten dollars less every '
        'month, so I would like to know why mine is so expensive.',
        'First they told me that somebody would call back on Tuesday, then it was supposed to be '
        'Friday, and now it is the end of the week and nobody called.',
        'The light on the front of the router is red most of the time, and when I restart it, it '
        'turns green for about an hour before it goes back to red.',
        'We are going on a journey at the end of the month, and I wanted to ask if you could keep '
        'all of our mail until the day that we come back home.',
        'I have been a customer of your bank for almost twenty years, and never before did I have '
        'to wait so long for something as simple as a new card.',
        'My daughter lost her telephone on the bus yesterday evening, and I would like you to '
        'block the number before somebody runs up a bill with it.',
        'The man who came to read the meter was here for ten minutes, and since then there is no '
        'hot water in the kitchen and none in the bathroom either.',
        'I booked two seats by the window for my wife and me, but the tickets that arrived this '
        'morning are for two different coaches of the train.',
    ),
    'hold_request': (
        'Please stay on the line while I check that.',
        'May I put you on hold for a moment?',
        'One moment please, I will ask my colleague.',
    ),
    'hold_return': (
        'Thank you for waiting. I have found it now.',
        'Thank you for your patience. It is all arranged.',
        'Sorry to keep you waiting. I have good news for you.',
    ),
    'transfer': (
        'I will transfer you to my colleague in sales.',
        'Let me put you through to the right department.',
        'I am connecting you with a specialist now.',
    ),
    'completion': ('The invoice.', 'On Monday.', 'The router.', 'Last week.', 'The second floor.',
                   'Customer service.'),
}

# Of a human speaker, with what she says there.
PROMPTS = {
    'pls-hold-while-try': ('ivr', 'Please hold while I try to connect you.'),
    'queue-youarenext': (
        'ivr', 'Your call is now first in line and will be answered by the next available '
               'representative.'),
    'dir-welcome': ('ivr', 'Welcome to the directory.'),
    'privacy-prompt': (
        'ivr_keys', 'Please enter your phone number, starting with the area code.'),
    'conf-getconfno': (
        'ivr_keys', 'Please enter your conference number, followed by the pound key.'),
    'vm-nobodyavail': ('ivr', 'Nobody is available to take your call at the moment.'),
    'queue-thankyou': ('announcement', 'Thank you for your patience.'),
    'queue-periodic-announce': (
        'announcement', 'All of our representatives are currently busy. Please stay on the line, '
                        'and your call will be answered by the next available representative.'),
    'one-moment-please': ('announcement', 'One moment please.'),
}
SPOKEN_PROMPTS: dict[str, tuple[str, ...]] = {
    'ivr': ('Welcome. This call may be recorded for training and quality.',
            'For orders press one. For billing press two. For everything else stay on the line.'),
    'announcement': ('Your call is important to us. Please hold the line.',
                     'You are now number two in the queue.'),
}


def lines_of(index: int) -> list[tuple[str, str]]:
    """(kind, text) of everything that the voice of this number says."""
    out = [(kind, text) for kind, texts in SHARED.items() for text in texts]
    out += [(kind, text) for kind, texts in POOLS.items()
            for n, text in enumerate(texts) if n % 3 == index % 3]
    return out

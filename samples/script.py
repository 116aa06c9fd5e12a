"""The calls as written: who says what, when, over whose words, and what the line does.

In a text, `<` marks where the next of `inside` comes in, `|` where the speaker breaks off, and
`{act}` the closing act that starts there.
"""

from __future__ import annotations

from dataclasses import dataclass

AGENT, CALLER = 'agent', 'caller'
A, C = AGENT, CALLER
BACKCHANNEL, TAKEN, FAILED = 'backchannel', 'interruption_taken', 'interruption_failed'


@dataclass(frozen=True)
class Inside:
    """Words of the other party inside a turn: a backchannel or an interruption."""

    kind: str
    text: str


@dataclass(frozen=True)
class Say:
    """A turn, `after_s` after the end of what came before; negative overlaps its end."""

    who: str
    text: str
    after_s: float = 0.35
    inside: tuple[Inside, ...] = ()


@dataclass(frozen=True)
class Ring:
    """Ringing; the agent answers `answer_s` after the onset of the last ring and cuts it there.

    With `skip_s` the recording begins that long after the first onset.
    """

    country: str
    rings: int
    answer_s: float
    lanes: tuple[str, ...]
    skip_s: float = 0.0


@dataclass(frozen=True)
class Music:
    """A hold with music, in the lane that the switch plays it to; the other is silent."""

    duration_s: float
    lane: str = C


@dataclass(frozen=True)
class Quiet:
    """Nobody speaks: `announced` (a silent hold) or `dead_air`."""

    duration_s: float
    kind: str


Step = Say | Ring | Music | Quiet


@dataclass(frozen=True)
class Script:
    """One call. `agent_channel` is where the agent is, whatever `manifest` says of it."""

    call_id: str
    file: str  # the suffix and the rate choose the codec; '{}' stands for agent and caller
    shows: str  # a line of README.md
    agent: str  # voices
    caller: str
    steps: tuple[Step, ...]
    manifest: dict[str, str]
    rate: int = 16000
    mono: bool = False
    agent_channel: int = 0
    agent_db: float = -22.0  # RMS of speech, dBFS
    caller_db: float = -23.0
    agent_floor_db: float = -66.0
    caller_floor_db: float = -64.0
    lead_s: float = 0.5  # before the first sound
    tail_s: float = 0.8
    transcript: str | None = None
    silent_s: float | None = None  # a recording of noise alone


HELP = '{further_help} Is there anything else I can help you with?'
THANKS_BYE = '{thanks} Thank you for calling. {farewell} Goodbye.'

CALLS = (
    Script(
        'us-in-order', 'us-in-order.flac',
        'US ringing, two rings; two backchannels of the agent; sign-off in order',
        'slt', 'rms',
        (
            Ring('US', 2, 3.4, (A,)),
            Say(A, 'Good morning, thank you for calling Harbor Books. How can I help you?', 0.0),
            Say(C, 'I ordered a big book about trees and flowers two < weeks ago from your web '
                   'page. I paid extra money for the fast delivery because < I wanted to have it '
                   'here before last Friday.', 0.5,
                (Inside(BACKCHANNEL, 'Okay.'), Inside(BACKCHANNEL, 'Right.'))),
            Say(A, 'I can look that up. Could you give me the order number?', 0.4),
            Say(C, 'It is four seven one nine.', 0.5),
            Say(A, 'The parcel left our warehouse on Monday. It will be with you tomorrow '
                   'morning.', 0.6),
            Say(C, 'That is good news.', 0.3),
            Say(A, HELP, 0.4),
            Say(C, 'No, that is all.', 0.3),
            Say(A, THANKS_BYE, 0.3),
            Say(C, 'Goodbye.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-02T09:14:05+01:00', 'agent_id': 'a1',
         'queue': 'orders', 'caller_id': '+12025550101', 'hung_up_by': C},
    ),
    Script(
        'uk-quick-turns', 'uk-quick-turns.flac',
        'UK ringing, three double rings; turn changes of 0.05 to 0.2 s and terminal overlaps of '
        '0.1 to 0.2 s, none of them an interruption; farewell before thanks; the agent is on '
        'channel 1 and the manifest does not say so',
        'awb', 'slt',
        (
            Ring('GB', 3, 2.2, (C,)),
            Say(A, 'Good morning, thank you for calling Northern Trains. How can I help you?', 0.0),
            Say(C, 'Could you tell me when the last train to York leaves tonight?', 0.12),
            Say(A, 'The last train to York leaves at ten fifteen this evening.', -0.15),
            Say(C, 'And does it stop in Leeds?', 0.08),
            Say(A, 'It stops there just before eleven.', -0.12),
            Say(C, 'Can I take my bicycle on that train?', 0.15),
            Say(A, 'Bicycles travel free of charge in the last coach.', -0.18),
            Say(C, 'Wonderful, that is all I need to know.', 0.05),
            Say(A, HELP, 0.4),
            Say(C, 'No, nothing else.', 0.2),
            Say(A, '{farewell} Goodbye, and {thanks} thank you for calling.', 0.35),
            Say(C, 'Bye.', 0.4),
        ),
        {'started_at': '2026-03-02T10:02:41Z', 'agent_id': 'a2', 'queue': 'orders',
         'caller_id': '+441632960202', 'hung_up_by': C},
        agent_channel=1, caller_db=-25.0, agent_floor_db=-64.0,
    ),
    Script(
        'kr-agent-interrupts', 'kr-agent-interrupts.webm',
        'Opus in WebM; Korean ringing, six rings, the last cut short by the answer; the agent '
        'interrupts twice: the caller gives way, then goes on; no offer of further help (partial)',
        'kal16', 'slt',
        (
            Ring('KR', 6, 0.55, (A,)),
            Say(A, 'Good morning, thank you for calling Seoul Telecom. How can I help you?', 0.0),
            Say(C, 'My internet connection has been failing every evening since the storm last '
                   'week and < I called about | it two times already.', 0.4,
                (Inside(TAKEN, 'Did you try to switch the router off and on again? That usually '
                               'solves the problem.'),)),
            Say(C, 'I did that on Monday and it < worked for about one hour but then the '
                   'connection went down again.', 0.4,
                (Inside(FAILED, 'You have to wait a full minute.'),)),
            Say(A, 'Then I will send a technician to your house on Thursday.', 0.5),
            Say(C, 'Thursday works for me.', 0.4),
            Say(A, THANKS_BYE, 0.4),
            Say(C, 'Bye.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-02T18:30:00+09:00', 'agent_id': 'a3',
         'queue': 'support', 'caller_id': '+82255501234', 'hung_up_by': A},
        agent_db=-24.0,
    ),
    Script(
        'de-hold-music', 'de-hold-music.ogg',
        'Opus in Ogg; German ringing, two rings in the caller\'s lane; one hold with music',
        'slt', 'awb',
        (
            Ring('DE', 2, 2.1, (C,)),
            Say(A, 'Hello, this is Union Bank, my name is Laura. What can I do for you?', 0.0),
            Say(C, 'I would like to raise the limit of my credit card.', 0.4),
            Say(A, 'I have to ask my colleague about that. Please stay on the line.', 0.4),
            Say(C, 'No problem.', 0.3),
            Music(9.0),
            Say(A, 'Thank you for waiting. The new limit is five thousand dollars.', 0.7),
            Say(C, 'That was quick.', 0.3),
            Say(A, '{further_help} Is there anything else I can do for you?', 0.4),
            Say(C, 'No, I am happy.', 0.3),
            Say(A, THANKS_BYE, 0.3),
            Say(C, 'Goodbye.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-03T11:45:10+01:00', 'agent_id': 'a1',
         'queue': 'support', 'caller_id': '+493023125001', 'hung_up_by': C},
        caller_floor_db=-67.0,
    ),
    Script(
        'announced-hold', 'announced-hold.flac',
        'the recording starts at the answer and nobody says when it rang; a silent hold that '
        'the agent announces; sign-off in order with a wish',
        'awb', 'slt',
        (
            Say(A, 'Good morning, this is Green Energy. How can I help you?', 0.0),
            Say(C, 'My last bill is far too high for such a small apartment.', 0.4),
            Say(A, 'I need to check that. May I ask you to hold for a moment please?', 0.4),
            Say(C, 'Of course.', 0.3),
            Quiet(8.0, 'announced'),
            Say(A, 'Thank you for waiting. There was a mistake in the meter reading, and you '
                   'will get forty dollars back.', 0.0),
            Say(C, 'That is great.', 0.3),
            Say(A, HELP, 0.4),
            Say(C, 'No, nothing.', 0.3),
            Say(A, '{thanks} Thank you for calling. {wish} Have a nice day. {farewell} Goodbye.',
                0.3),
            Say(C, 'Goodbye.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-03T08:20:00-05:00', 'agent_id': 'a2',
         'queue': 'support', 'caller_id': '+12025550105', 'hung_up_by': C},
        agent_floor_db=-62.0,
    ),
    Script(
        'jp-two-holds', 'jp-two-holds.m4a',
        'AAC in MP4; Japanese ringing, three rings; two holds, one announced and silent, one with '
        'music; thanks and wish alone (partial)',
        'awb', 'rms',
        (
            Ring('JP', 3, 2.0, (A,)),
            Say(A, 'Good morning, thank you for calling Sakura Travel. How can I help you?', 0.0),
            Say(C, 'I need to move my flight from Monday to Wednesday.', 0.4),
            Say(A, 'Let me check that for you. May I ask you to hold for a moment please?', 0.4),
            Say(C, 'That is fine.', 0.3),
            Quiet(7.0, 'announced'),
            Say(A, 'Thank you for waiting. There are seats on Wednesday, but I have to ask my '
                   'manager about the price. Please hold the line.', 0.0),
            Say(C, 'No problem.', 0.3),
            Music(7.5),
            Say(A, 'You can change the flight for free.', 0.6),
            Say(C, 'Please do that.', 0.3),
            Say(A, 'Your ticket is on its way to you by mail.', 0.6),
            Say(C, 'That was easy.', 0.3),
            Say(A, '{thanks} Thank you for calling. {wish} Have a nice day.', 0.4),
            Say(C, 'Bye.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-03T16:05:30+09:00', 'agent_id': 'a2',
         'queue': 'orders', 'caller_id': '+81355501006'},
    ),
    Script(
        'fr-caller-interrupts', 'fr-caller-interrupts.wav',
        'mu-law, agent on channel 1; French ringing, one ring; the caller interrupts and takes '
        'the turn, later gives two backchannels; sign-off in order',
        'rms', 'slt',
        (
            Ring('FR', 1, 2.6, (C,)),
            Say(A, 'Good evening, this is the Paris Hotel. How can I help you?', 0.0),
            Say(C, 'I want to cancel my room for the weekend.', 0.4),
            Say(A, 'You can cancel your room without any cost until noon and after that < we '
                   'have to charge | you for the first night.', 0.4,
                (Inside(TAKEN, 'But I was told on the phone that I could cancel at any time for '
                               'free.'),)),
            Say(A, 'I will write a note for my manager about < that and he will send you an '
                   'answer by mail before the end < of the day or tomorrow in the morning.', 0.6,
                (Inside(BACKCHANNEL, 'Okay.'), Inside(BACKCHANNEL, 'Sure.'))),
            Say(A, HELP, 0.8),
            Say(C, 'No, that is all.', 0.3),
            Say(A, THANKS_BYE, 0.4),
            Say(C, 'Bye.', 0.4),
        ),
        {'agent_channel': '1', 'started_at': '2026-03-03T19:12:00+01:00', 'agent_id': 'a4',
         'queue': 'orders', 'caller_id': '+33199005007', 'hung_up_by': C},
        rate=8000, agent_channel=1, agent_floor_db=-57.0, caller_floor_db=-54.0,
    ),
    Script(
        'cn-hold-dead-air', 'cn-hold-dead-air.wav',
        'mu-law, agent on channel 1; Chinese ringing, four rings; hold music in the agent\'s lane; '
        'five seconds of dead air; a farewell alone (partial)',
        'kal16', 'awb',
        (
            Ring('CN', 4, 1.9, (A,)),
            Say(A, 'Hello, this is Golden Dragon Shipping. How can I help you?', 0.0),
            Say(C, 'I am looking for a container with number five five three.', 0.5),
            Say(A, 'I will ask the harbor office. Please hold the line.', 0.4),
            Say(C, 'Fine.', 0.3),
            Music(7.0, A),
            Say(A, 'The container is still on the ship.', 0.7),
            Say(C, 'And when will it come to the harbor?', 0.4),
            Quiet(5.0, 'dead_air'),
            Say(A, 'It comes on Saturday. {farewell} Goodbye.', 0.0),
            Say(C, 'Bye.', 0.4),
        ),
        {'agent_channel': '1', 'started_at': '2026-03-04T02:40:15Z', 'agent_id': 'a3',
         'queue': 'support', 'caller_id': '+861055501008', 'hung_up_by': A},
        rate=8000, agent_channel=1, agent_db=-24.0, agent_floor_db=-58.0, caller_floor_db=-55.0,
    ),
    Script(
        'mono-metadata', 'mono-metadata.flac',
        'mono 16 kHz, no overlap; the recording starts at the answer and the manifest says when it '
        'rang; sign-off in order',
        'slt', 'rms',
        (
            Say(A, 'Good morning, thank you for calling City Library. How can I help you?', 0.0),
            Say(C, 'I would like to know how long I can keep the books that I borrowed.', 0.5),
            Say(A, 'You can keep all of your books for four weeks. After that you can extend them '
                   'on our web page.', 0.5),
            Say(C, 'And what do I have to pay when I am late?', 0.5),
            Say(A, 'It costs twenty cents for each book and each day.', 0.5),
            Say(C, 'I understand. That is not very much.', 0.5),
            Say(A, HELP, 0.5),
            Say(C, 'No, I know everything now.', 0.5),
            Say(A, THANKS_BYE, 0.5),
            Say(C, 'Goodbye.', 0.5),
        ),
        {'started_at': '2026-03-04T09:00:30+00:00', 'ringing_at': '2026-03-04T09:00:21+00:00',
         'answered_at': '2026-03-04T09:00:30+00:00', 'agent_id': 'a1', 'queue': 'support',
         'caller_id': '+12025550109', 'hung_up_by': C},
        mono=True,
    ),
    Script(
        'mono-telephone', 'mono-telephone.mp3',
        'mono 8 kHz MP3, no overlap; Indonesian ringing, one ring',
        'awb', 'slt',
        (
            Ring('ID', 1, 2.2, (A,)),
            Say(A, 'Good afternoon, thank you for calling Bali Water. How can I help you?', 0.0),
            Say(C, 'There is no water in our street since six in the morning.', 0.5),
            Say(A, 'A pipe is broken and our people are working on it right now.', 0.5),
            Say(C, 'How long will that take?', 0.5),
            Say(A, 'The water should come back in about two hours.', 0.5),
            Say(C, 'Good, then I can cook dinner for my family.', 0.5),
            Say(A, HELP, 0.5),
            Say(C, 'No, that was my only question.', 0.5),
            Say(A, THANKS_BYE, 0.5),
        ),
        {'started_at': '2026-03-04T13:25:00+08:00', 'agent_id': 'a2', 'queue': 'support',
         'caller_id': '+622150901010', 'hung_up_by': C},
        rate=8000, mono=True, agent_floor_db=-59.0, caller_floor_db=-59.0,
    ),
    Script(
        'outbound-pair', 'outbound-pair.{}.flac',
        'a pair of mono files; outbound; the caller interrupts and the agent goes on; no closing '
        'words of the agent (missing)',
        'kal16', 'rms',
        (
            Say(C, 'Hello?', 0.0),
            Say(A, 'Hello, this is Peter from Blue Insurance. I am calling about your car.', 0.4),
            Say(C, 'I sold that car in January.', 0.4),
            Say(A, 'In that case you do not need < this insurance any longer and we can give you '
                   'the money for the rest of the year.', 0.5,
                (Inside(FAILED, 'I wrote you a letter.'),)),
            Say(C, 'That would be good.', 0.5),
            Say(A, 'I will send you the form by mail. You only have to sign it.', 0.4),
            Say(C, 'I will do that.', 0.3),
        ),
        {'started_at': '2026-03-04T15:10:00+01:00', 'direction': 'outbound', 'agent_id': 'a3',
         'queue': 'orders', 'caller_id': '+12025550111', 'hung_up_by': C},
        agent_db=-24.0,
    ),
    Script(
        'es-starts-in-ring', 'es-starts-in-ring.wav',
        'mu-law; Spanish ringing, the recording begins inside the first of two rings; WhisperX '
        'transcript beside it; thanks before the offer of further help (out of order)',
        'rms', 'awb',
        (
            Ring('ES', 2, 2.6, (C,), skip_s=0.6),
            Say(A, 'Good afternoon, thank you for calling Iberia Tickets. How can I help '
                   'you?', 0.0),
            Say(C, 'I bought two tickets for the concert, but I got only one.', 0.4),
            Say(A, 'I can see both of them here. I will send the second one to your phone in a '
                   'minute.', 0.4),
            Say(C, 'There it is.', 0.5),
            Say(A, '{thanks} Thank you for calling. ' + HELP, 0.4),
            Say(C, 'No, that is everything.', 0.3),
            Say(A, '{farewell} Goodbye.', 0.4),
            Say(C, 'Goodbye.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-02T17:31:00+01:00', 'agent_id': 'a4',
         'queue': 'orders', 'caller_id': '+34910050112', 'hung_up_by': C},
        rate=8000, transcript='es-starts-in-ring.json', agent_floor_db=-54.0, caller_floor_db=-57.0,
    ),
    Script(
        'id-both-lanes', 'id-both-lanes.mp3',
        'MP3; one Indonesian ring in both lanes; five seconds of dead air; no closing words of the '
        'agent (missing), who ends the call',
        'rms', 'awb',
        (
            Ring('ID', 1, 1.6, (A, C)),
            Say(A, 'Good morning, this is Java Computers, my name is Daniel. How can I help '
                   'you?', 0.0),
            Say(C, 'My new computer does not start any more.', 0.4),
            Say(A, 'Did you charge the battery over night?', 0.4),
            Say(C, 'I charged it the whole night.', 0.4),
            Quiet(4.9, 'dead_air'),
            Say(A, 'Then you have to bring it to our store.', 0.0),
            Say(C, 'But I live two hours away from it.', 0.4),
            Say(A, 'There is no other way. We are open until six.', 0.4),
        ),
        {'agent_channel': '0', 'started_at': '2026-03-02T08:05:00+07:00', 'agent_id': 'a4',
         'queue': 'support', 'caller_id': '+622150901013', 'hung_up_by': A},
        caller_db=-24.0,
    ),
    Script(
        'silent', 'silent.flac', 'ten seconds of line noise: nobody is there', '', '', (),
        {'started_at': '2026-03-02T12:00:00Z', 'agent_id': 'a4', 'queue': 'support',
         'caller_id': ''},
        silent_s=10.0,
    ),
)

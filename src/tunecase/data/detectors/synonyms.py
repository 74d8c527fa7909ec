"""Words that another wording commonly puts for one another: everyday English, and the English of programs.

Each line is one group; a word stands in the first group that lists it. The groups are wide on purpose: they widen a
search whose judge asks for rare words, numbers and names besides.
"""

from functools import lru_cache

from tunecase.data.detectors.content_words import stem

GROUPS = """
buy purchase acquire procure obtain get bought gotten
sell vend sold
make earn gain profit income earning revenue made wage salary
pay spend cost price expense fee charge paid spent payment expenditure worth value
need require necessary must requirement
want wish desire plan intend aim hope decide choose opt
give provide supply hand offer gave given donate gift present
take took taken grab remove withdraw
use utilize utilise employ apply consume
eat eaten ate devour dine
drink drank sip
start begin commence initiate initial initially began begun
end finish complete conclude final stop terminate
total sum altogether overall combine entire whole together aggregate addition add plus cumulative
each every per apiece individual
many much number amount quantity count
more additional extra further another
less fewer lower reduce decrease decline lessen drop
increase raise grow rise surge boost grew
big large huge great giant enormous
small little tiny minor
biggest largest greatest maximum max maximal highest most longest
smallest minimum min minimal lowest least shortest
day daily
week weekly
month monthly
year yearly annual annually
hour hourly
morning breakfast
evening night
remain left leftover rest remainder residual
save keep retain store
go travel journey visit head drive walk went trip
run sprint jog
shop store market supermarket
house home residence apartment flat dwelling
car vehicle automobile auto
kid child children youngster
friend buddy pal companion
mother mom mum
father dad
brother sibling sister
woman lady female girl
man gentleman male boy
student pupil learner
teacher instructor tutor
work job employment task labor labour
company business firm enterprise
people person individual folk
class lesson course
book novel volume
picture photo photograph image
road street highway
money cash fund dollar buck
find determine discover identify locate detect
compute calculate evaluate work figure
tell inform state say report
show display exhibit present demonstrate
ask inquire question query request
answer response reply
help assist aid support
check verify test examine validate confirm inspect whether ascertain
build construct create form generate produce produc
write compose implement
change modify alter convert transform adjust turn
return give yield output produce result
given provided supplied specified certain specific particular
accept receive take input
function method procedure routine
list array sequence collection vector series
string text word str phrase sentence
character char letter symbol
number num integer int numeric digit numerical figure
element item entry member object
position index location place spot indices indexes
sort arrange order rank
ascending increasing
descending decreasing
distinct unique different
same equal identical equivalent equals
reverse invert flip backward backwards
divide divisor factor divisible split
multiply product multiplication multiple
subtract difference minus
remove delete eliminate exclude discard omit
filter select pick choose pull extract
contain include comprise hold consist
follow next subsequent
previous prior preceding before earlier
join concatenate merge connect link append
separate split divide partition part
close near nearby
threshold limit bound
uppercase upper capital
lowercase lower
empty blank null none
true correct valid right
false incorrect invalid wrong
prefix beginning
suffix postfix
length size len
average mean
even
odd
parenthesis bracket paren parentheses
nested nest
depth level
substring subsequence
vowel
note remember mind
example instance e.g.
assume suppose presume
if when whenever provided
but however although though yet whereas
because since due
also additionally furthermore moreover too
about approximately around roughly nearly
often frequently usually
only just merely solely
fast quick rapid swift speedy
slow
easy simple straightforward
hard difficult tough challenging
good fine great nice excellent
bad poor awful
important significant crucial vital essential key
problem issue trouble difficulty
card debit credit
arrive come reach deliver delivery
send transfer ship mail transmit dispatch
receive get
wait await pending
cancel revoke abort
fail decline reject refuse
lose lost miss missing misplace
steal stolen theft
top recharge refill
refund reimburse reimbursement
account profile
password passcode pin code
why reason cause
how way
long duration time period
speak talk discuss converse
look seem appear view watch see observe saw seen
think believe consider regard opinion
like enjoy love prefer
allow permit enable let
try attempt
fix repair mend
open unlock
old aged ancient
young
new recent
begin start
country nation state
king ruler monarch
war conflict battle
law act legislation statute rule
group set team
society community social
theory concept notion idea
suggest propose imply indicate argue claim assert proclaim contend
explain describe illustrate clarify depict
main primary chief principal major
result outcome consequence effect
describe characterize characterise
develop evolve emerge
influence affect impact
"""


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in GROUPS.strip().splitlines():
        head, *rest = (stem(word) for word in line.split())
        for word in (head, *rest):
            table.setdefault(word, table.get(head, head))
    return table


def group(stemmed: str) -> str:
    """The group of a stemmed word, itself where it is in none.

    Example:
        >>> group("purchas"), group("zebra")
        ('buy', 'zebra')
    """
    return _table().get(stemmed, stemmed)

"""Nicknames: given names that one person may go by, and given names that tell two people apart.

A row of `FAMILIES` lists what people called by its first name are called too, spelling variants included. A short
form may stand in several rows (Chris, Pat, Sam); two names are alike when they share a row.
"""

from __future__ import annotations

FAMILIES = """
abigail abby abbie gail
abraham abe bram
adam
adelaide addie della
albert al bert albie
alexander alex alec sandy xander sasha
alexandra alex sandra sandy lexi alexa
alfred al fred alf
alice ally
alicia ally lisa
allan alan allen al
amanda mandy
amy aimee
andrea andi andy
andrew andy drew
angela angie
ann anne anna annie nan nancy
annette annie
anthony tony anton antonio
archibald archie
arnold arnie
arthur art artie
barbara barb babs barbie
barnabas barney
bartholomew bart
beatrice bea trixie
benjamin ben benny benji
bernard bernie
beverly bev
bradley brad
bradford brad
brandon brand
brenda bren
brian bryan bryon
bridget bridie biddy
caleb cal
calvin cal
cameron cam
carl karl
carolyn caroline carol carrie caro
cassandra cass cassie sandra
catherine katherine kathryn katharine cathy kathy kate katie kat cat kitty kay
cecilia cece cissy
charles charlie chuck chas chip
charlotte lottie charlie
cheryl sheryl cher
christina christine kristina kristine chris chrissy tina kris kristy christy
christopher chris kit topher kristopher
clarence clare
clifford cliff
clinton clint
cornelius neil
craig
curtis curt kurt
cynthia cindy
daniel dan danny
danielle dani
darlene darla
david dave davy
deborah debra deb debbie
dennis denny denis
derek derrick
diana diane di dianne
dolores lola
dominic dom nick dominick
donald don donny donnie
donna
dorothy dot dottie dolly dora
douglas doug
dwight
edgar ed eddie
edith edie
edmund ed eddie ned
edward ed eddie ned ted teddy
edwin ed eddie ned
eleanor ellie nell nora elinor
elijah eli
elizabeth liz lizzie beth betty betsy bess eliza libby lisa elisabeth ellie
ellen ellie nell
emily em emmy emma
emma em
eric erik erick
ernest ernie
eugene gene
evelyn eve evie
ezekiel zeke
florence flo flossie
frances fran frannie francie
francis frank fran
francisco frank paco
franklin frank
frederick fred freddy fredrick frederic rick
gabriel gabe
gabrielle gabby
gail gayle
garrett gary
geoffrey jeffrey jeff geoff jeffery
george georgie
gerald jerry gerry
geraldine gerri jerry
gerard jerry gerry
gertrude trudy gertie
gilbert gil bert
gloria
glenn glen
gordon gordy
grace gracie
gregory greg gregg
gwendolyn gwen
harold hal harry
harriet hattie
harrison harry
heather
helen nell lena
henry hank harry hal enrique
herbert herb bert
howard howie
hubert hugh bert
irene rene
isaac ike zac
isabel isabella bella izzy
jacob jake jack
jacqueline jackie
james jim jimmy jamie jaime
janet jan
janice jan
jason jay
jean jeanne
jeanette jean nettie
jennifer jen jenny jenn
jeremiah jerry
jeremy jerry
jerome jerry
jessica jess jessie
jesse jess
jesus chuy
joan joanie
joanne joanna jo joann
john johnny jack jon juan
jonathan jon jonny johnathan nathan
jordan jordy
joseph joe joey jose
josephine jo josie
joshua josh
joyce
judith judy jude
julia julie jules
julian jules
justin
karen
kathleen kathy kate katie kay
keith
kenneth ken kenny
kelly kelley kellie
kevin
kimberly kim
kristen kristin kris
larry
laura laurie lori
lauren lori
lawrence larry laurence lars
leonard leo len lenny
leroy roy lee
leslie les
lester les
lewis lou louis
lillian lil lily
linda lin lindy lynda
louis lou louie luis
louise lou
lucille lucy
lucas luke
luther
lynn lynne
madeline maddie
margaret maggie peggy meg marge margie greta rita peg
maria marie
marilyn
marjorie marge margie
mark marc marcus
marsha marcia
martha marty patty
martin marty
mary molly polly mae maria
mathilda tilda tillie
matthew matt matty mathew
maureen mo
maxwell max
maximilian max
megan meg meghan
melanie mel
melissa missy mel lissa
melvin mel
michael mike mick mickey mikey micheal miguel
michelle shelly michele
mildred millie
miriam mimi
mitchell mitch
monica
morris mo maurice
nancy nan
natalie nat
nathan nate nat
nathaniel nate nat nathan
nicholas nick nicky nicolas
nicole nicki nikki
norman norm
olivia liv livvy
oliver ollie
oscar
oswald ozzie
pamela pam
patricia pat patty tricia trish patti
patrick pat paddy rick
paul pablo
paula
pauline polly
pedro pete
peter pete
philip phillip phil pip
phyllis phyl
priscilla cilla
rachel rachael rae
ralph
randall randy
randolph randy
raymond ray
rebecca becky becca
regina gina reggie
reginald reg reggie
reuben rube
richard rick rich dick richie ricky ricardo
robert bob rob bobby robbie bert roberto
roberta bobbie robbie
rodney rod
roderick rod rick
roger rog
roland rollie
ronald ron ronnie
rosemary rose rosie
roxanne roxy
rudolph rudy
russell russ rusty
ruth ruthie
samantha sam sammy
samuel sam sammy
sandra sandy
sarah sara sally sadie
sean shawn shaun
seth
sharon shari
shirley
sidney sid sydney
solomon sol
sophia sophie
stanley stan
stephanie steph stephie
stephen steven steve stevie stefan
stuart stu stewart
susan sue susie suzy suzanne
sylvester sly
sylvia syl
tamara tammy
teresa theresa terry tess tessa
terence terry terrance terrence
theodore ted teddy theo
thomas tom tommy
tiffany tiff
timothy tim timmy
tobias toby
tracy tracey
ursula
valerie val
vanessa nessa
veronica ronnie roni
vernon vern
victor vic
victoria vicky vicki tori
vincent vince vinny
virginia ginny ginger
vivian viv
walter walt wally
warren
wayne
wesley wes
wilbur will
wilfred will fred
william bill will billy willy liam willie
winifred winnie fred
woodrow woody
yolanda yoli
yvonne evie
zachary zach zack
aaron ada adrian agnes aidan alan alma alvin amelia amber andre angel anita april ariel ashley audrey austin ava
bella bianca bill blake bonnie boyd brent brett brooke bruce bryce byron
carla carlos carmen casey chad chase chloe claire clara clark claudia clyde cody colin connie corey courtney
dale damon dana darren daryl dawn dean della desmond diego don doris duane dustin dylan
earl edna elaine elena ella elmer elsie erica erin ernesto esther ethan eva evan
faith fay felix fernando fiona floyd gary gavin gina gordon grant guy
hannah harvey hazel hector heidi holly hope hugo hunter ian ida ingrid iris irma ivan
jack jackson jacob jade jane jared jasmine javier jay jill joel jorge josephine joy juanita julio june
kara karla kathy kayla kent kirk kyle lance lara leah lee leon leo lena liam lloyd logan lois lorenzo lucia luke lydia
mabel mack malcolm manuel marco marcus margot marion mario marvin mason mateo maya mia miles mira miranda molly mona
nadia naomi neil nelson nina noah noel nora norma omar otis owen pearl penny percy perry phoebe preston quentin
rafael ramon raul rex rhonda rita rosa rose ross roy ruby ryan sabrina salvador scott selma sergio shane shannon
sheila sherry sonia spencer stacy stella tanya tara todd travis trevor troy tyler vera wade wanda wendy wilma xavier
yvette zoe
marta mario mariana maribel marisol marisa marina marlene marla maura mira myra moira nadine nelda noelle norah odessa
olga opal ophelia paige patti perla pilar ramona raquel reba renee rochelle rosalind rosario roslyn rowena sadie
salma santiago saul serena shelby sierra silvia simon simone sonya stefanie stefan svetlana tabitha talia tamika
tasha tatiana tessa thelma tomas toni trina trudy velma verna vicente violet viola wendell willa winona ximena
yesenia zelda adela adriana alana alba alejandra alejandro alexis alisha alison allison alonzo amalia amos anabel
ana andres angelica angelo angelina antonia april ariana armando arturo asher avery axel barry beau belinda benita
bernadette bernice beth betty blanca blaine blake brianna bridget brittany bryant camille camila candace cara carey
carlo carlton carmela carole caron carter cecil cecile cedric celeste celia cesar chandra charlene chester christa
clay colleen constance cora cordelia corinne cory damian darius darla darrell darwin daphne davis deanna deirdre
delia denise dennis devin dewey dina dinah dion dixie dominique dorian doreen dwayne eduardo edwina eileen elias elise
eliseo ellis elmo elsa elton elvira emanuel emerson emilia emilio enid enrique erika erwin esperanza estella estelle
eunice ezra fabian fatima felicia fidel flora forrest frieda galen gavin geneva genevieve germaine gilda gisela gladys
glenda graciela greta guadalupe guillermo gustavo guy gwen hans harlan heath hector helena helga herman hilda hollis
homer horace ignacio imelda ina ines irwin isaiah isidro ismael ivy jaclyn jana janelle janine jarvis jeannine jenna
jerald jeri jermaine jillian joaquin jodi jody johanna joni jordan josefina josefa juana juanita judson karin karina
karl kasey katrina kayla keisha kelvin kendall kendra kerry kirsten kristi lamar lana lane larissa latoya leanne leif
leila leilani lelia lenora leon leona leonardo leonor leonora leticia lew lilian liliana lorena lorenzo loretta
lorraine louella luann lucille luella lupe luz lyle lynette mabel madge magdalena manuela marcella marcelo marcia
margo margarita mariano mattie mavis maxine maya melba melinda mercedes merle mickey milagros milo milton minerva
"""

_rows = [tuple(line.split()) for line in FAMILIES.strip().splitlines()]
#: The last rows list names that are nobody's short form: each stands for itself.
_ALONE = next(n for n, row in enumerate(_rows) if row[:3] == ("aaron", "ada", "adrian"))
#: Every given name, and the rows it stands in.
ROWS: dict[str, frozenset[int]] = {}
for _number, _row in enumerate(_rows[:_ALONE]):
    for _name in _row:
        ROWS[_name] = ROWS.get(_name, frozenset()) | {_number}
for _row in _rows[_ALONE:]:
    for _name in _row:
        ROWS.setdefault(_name, frozenset({-1 - len(ROWS)}))


def is_given(word: str) -> bool:
    """Whether it is known as a given name (lower case)."""
    return word in ROWS


def same_person_may_be(one: str, other: str) -> bool:
    """Whether somebody called `one` may go by `other`."""
    return one == other or bool(ROWS.get(one, _NONE) & ROWS.get(other, _NONE))


def roots(word: str) -> tuple[str, ...]:
    """Names that everybody who may go by `word` shares: itself when it is no given name."""
    rows = ROWS.get(word)
    return tuple(f"~{number}" for number in sorted(rows)) if rows else (word,)


_NONE: frozenset[int] = frozenset()

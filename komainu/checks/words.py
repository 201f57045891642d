"""Word lists for telling the language of short text in Latin letters."""

from __future__ import annotations

from komainu.checks.text import word_set

REPLIES = word_set(  # said alone, or in chats
    "maybe perhaps hello hi hey bye goodbye thanks thank okay ok yes yeah yep nope no never always sometimes today "
    "tomorrow yesterday agreed done good bad great nice right wrong true false u ur thx idk lol brb plz pls gonna "
    "wanna imo btw sry keep open close push pull stop touch out love happy new please good morning night welcome"
)
ENDINGS = ("tion", "sion", "ness", "ment", "ing", "ship", "synthesis", "ology", "ically", "ously", "ably", "fully")
ROMAJI = word_set(
    "watashi boku anata desu masu deshita mashita masen arimasu imasu arigatou arigato gozaimasu konnichiwa konbanwa "
    "ohayou ohayo oyasumi sumimasen gomen nasai kudasai nihongo kyou ashita kinou wakarimasu hai iie desuka "
    "sayounara sayonara itadakimasu hajimemashite genki nani doko dare itsu kawaii sugoi daijoubu onegai shimasu"
)
ELSEWHERE = word_set(  # of other languages; none is an everyday English word
    # French, Spanish, Portuguese, Italian, Romanian, Catalan
    "non je tu il elle nous vous ils ne pas suis est sont oui merci bonjour salut où une les des avec pour dans "
    "qui que quoi très aussi beaucoup votre notre c'est j'ai n'est gare yo tú él ella nosotros ustedes sé soy eres "
    "es está están qué dónde cuándo hola gracias buenos buenas días muy pero para con por del una los las gusta quiero "
    "eu você ele ela nós eles não sim obrigado obrigada onde fica bom dia muito uma com mas também tenho estou io lui "
    "lei noi voi loro non sono sei è siamo dove perché grazie ciao buongiorno buonasera molto della degli gli che una "
    "nu sunt este și mulțumesc això amb",
    # German, Dutch, Swedish, Danish, Norwegian
    "ich du er wir ihr nicht kein ist sind und der das ein eine mit für auf wie wo warum danke bitte guten tag abend "
    "ja nein sehr auch haben dir mir bin ik jij hij wij niet het een van dank je wel goed waar weet jag inte är och "
    "tack hej jeg ikke hvor tak takk hva vad varför mycket meget",
    # Polish, Czech, Slovak, Croatian, Hungarian, Finnish, Estonian, Turkish
    "nie jest wiem tak dziękuję proszę dzień dobry nevím kde je to co jsem děkuji ano dobrý den nisam hvala gdje "
    "nem tudom igen köszönöm hol van szia en tiedä mitä tehdä kiitos hyvää missä on minä olen ei bilmiyorum teşekkür "
    "ederim evet hayır merhaba nerede çok ben bir",
    # Vietnamese, Indonesian, Malay, Tagalog, Swahili
    "tôi không biết là cảm ơn xin chào saya tidak tahu terima kasih selamat apa yang dan ini itu anda kamu aku bisa "
    "di mana salamat hindi ako ikaw ang mga inyong lahat opo kumusta po siji haijui ni na kwa habari asante hapana "
    "ndiyo jambo sijui",
) - word_set("on is den tag bin per ben co ni na er an in it di van tak sei ja es wel no to po con mas das dan")

"""English words: those that Japanese text writes as they are, and those that are no term of any trade."""

from __future__ import annotations

from komainu.checks.text import word_set

# Lower-case Latin words that Japanese text writes as they are.
AT_HOME = word_set(
    "web app apps blog weblog fax tel email e-mail vs etc ok nn ai pc tv cd dvd url wifi wi-fi sns cafe café iphone",
    "ipad ebay google youtube zoom android twitter adidas amazon mixi pixiv note mac windows unix linux",
    "http https www com git npm pip sudo python java javascript html xml css",
    "json yaml yml toml csv tsv pdf png jpg jpeg gif svg mp3 mp4",
    "zip exe sin cos tan arcsin arccos arctan log ln exp lim max min mod gcd lcm det dim rank sup inf arg sinh cosh",
    "tanh ii iii iv vi vii viii ix xi xii int float double str bool char void null none nil true false if elif else",
    "endif fi for while do done def fn func lambda return yield print printf echo grep sed awk find ls cd cp mv rm",
    "cat ping ssh curl tar chmod class import include var let const function array list dict set map tuple string std",
    "main args self new try except catch ph pm am et al de la le cis trans alpha beta gamma in-vitro vitro vivo situ",
    "forte piano allegro crescendo diminuendo adagio ritardando legato staccato dolce numpy pandas matplotlib nginx",
    "redis docker vim emacs softmax sigmoid relu tanh dropout warmup token tokenizer embedding batch epoch commit",
    "push pull merge branch hololive mercari niconico freee ahamo povo au wii ps gu j-pop k-pop hip-hop j-rock docomo",
    "orz wktk ver rev no pp ed eds vol cf ie eg ex esp nn nm",
)
# Terms of computing and other trades that are no everyday words: Japanese text may have them anywhere.
TERMS = word_set(
    "radar lidar sonar spooler bcc dac adc deploy quarantine agenda placebo postmortem funnel",
    "gpu cpu tpu npu ram rom ssd hdd usb hdmi lan wan vpn dns dhcp http tcp udp ip ssl tls ssh ftp smtp imap api",
    "sdk ide cli gui ui ux os vm hub router proxy firewall payload header footer endpoint webhook websocket socket",
    "handshake latency throughput bandwidth bitrate framerate codec encoder decoder encode decode transcode buffer",
    "cache token nonce hash cipher keypair wallet blockchain staking phishing malware ransomware spyware",
    "sandbox rootkit botnet honeypot hotfix backdoor frontend backend fullstack middleware microservice monolith",
    "serverless lambda pod deployment namespace ingress shard sharding partition rollback rollout canary blue-green",
    "autoscaling loadbalancer failover snapshot repository repo commit merge rebase push pull revert checkout",
    "cherry-pick upstream downstream backlog sprint scrum kanban standup burndown retrospective procedure",
    "subroutine pointer array vector matrix tensor scalar tuple dictionary deque trie bitmap bitset iterator",
    "generator closure callback async await coroutine goroutine mutex semaphore thread deadlock spinlock implements",
    "extends overload constructor destructor getter setter decorator mixin struct enum compile compiler linker",
    "runtime interpreter bytecode assembler preprocessor parser lexer tokenizer regex glob wildcard migration query",
    "undefined boolean byte bit bool void props hook flexbox padding viewport breakpoint favicon sprite tilemap",
    "shader voxel raycast raytracing rasterize framebuffer antialias mipmap lod rigging keyframe tween easing dpi",
    "rgb rgba cmyk hsv hex gamma raster resize kerning serif sans-serif italic glyph ligature reverb flanger phaser",
    "equalizer synth sampler sequencer plugin vst midi bpm vocoder phoneme formant mel spectrogram waveform yaw",
    "gimbal servo actuator breadboard capacitor inductor transistor diode firmware bootloader qubit entanglement",
    "ansatz epoch batch minibatch optimizer backprop backpropagation loss logit logits softmax sigmoid relu gelu",
    "dropout embedding self-attention cross-attention multi-head transformer encoder-decoder pretraining finetuning",
    "fine-tuning few-shot zero-shot one-shot checkpoint quantization distillation pruning lora adapter overfitting",
    "underfitting regularization normalization f1 auc roc ablation hyperparameter resampling bootstrap jackknife",
    "burn-in thinning k-means t-sne pca svm probit anova true-positive false-positive replay blob etl dag cron vi",
    "vim nano emacs tmux zsh bash awk sed grep xargs curl wget tar gzip unzip chmod chown sudo apt yum brew pip",
    "conda npm yarn pnpm docker kubectl helm terraform ansible vagrant nginx redis mysql postgres sqlite mongo",
    "kafka rabbitmq celery numpy pandas scipy matplotlib seaborn sklearn scikit-learn pytorch tensorflow keras jax",
    "opencv nltk spacy fixture stub assert lint linter formatter debugger profiler traceback stacktrace traceroute",
    "ping netstat nmap ifconfig localhost app applet widget addon add-on toolbar tooltip dropdown checkbox textbox",
    "popup modal slider navbar login logout signup sign-in username passphrase captcha oauth uninstall reboot",
    "shutdown ascii unicode utf-8 base64 uuid url uri slug timestamp markdown latex html xml json yaml csv tsv pdf",
    "epub mobi docx xlsx pptx jpeg jpg png gif svg webp mp3 mp4 mov avi wav flac ogg infill nozzle extruder",
    "filament slicer fps hp mp xp npc pvp pve gacha iso aperture bokeh tab makefile",
)
# Days, months, languages and places that are no excuse for a capital letter.
NAMED_DAYS = word_set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september",
    "october november december japanese english chinese korean french german spanish yesterday today tomorrow japan",
    "china korea america france germany italy spain india canada tokyo kyoto osaka",
)
# Words that open or join sentences; with a capital letter too they are no names.
JOINING = word_set(
    "however therefore moreover furthermore additionally finally lastly firstly secondly thirdly first second next",
    "then also thus hence meanwhile nevertheless nonetheless although because since while instead otherwise besides",
    "similarly consequently especially specifically generally actually basically overall afterwards later again still",
    "yet and but or so the a an if when for example in addition in conclusion as well after that before this in other",
    "words sure note",
)
# Everyday words that are no terms: where technical words are at home, only these are foreign.
EVERYDAY = JOINING | word_set(
    "indeed about above across afterward against almost alone along already always among another any anybody anyone",
    "anything around away back bad beautiful became become becomes before began begin behind being below beneath best",
    "better between beyond big both brief bring brought busy came cannot careful certain cheap come comes common",
    "completely complex convenient could countless crucial currently despite detailed difficult directly down during",
    "each early easier easily easy effective efficient either else enough entire essential etcetera even ever every",
    "everybody everyone everything everywhere exactly expensive famous fast few following forever former forward",
    "found frequently friendly from further gave general generally get gets getting give given gives giving glad gone",
    "good got great hard has helpful here hers herself highly himself honest hope how huge human important impossible",
    "inside interesting into itself just keep kept kind knew know known largely last late latter least leave less",
    "like likely little longer look looking lot made mainly make makes making many may maybe me mean means might mine",
    "more most mostly much must mutual myself naturally near nearly necessary need needed needs never nice nobody not",
    "nothing now nowadays obvious obviously often old once one only onto onwards or others ought our ours out over",
    "own particular particularly people perfect perhaps plenty poor popular possible possibly powerful precise pretty",
    "previous probably proper properly quick quickly quiet quite rather ready real really reasonable recent",
    "regardless relatively reliable respective rich right robust safe said same saw say says secure seem seems seen",
    "serious several shall she should significant significantly similar simple simply simultaneously slow slowly",
    "smooth some somebody someone something sometimes somewhat soon sorry special stable started still strong",
    "successful such suddenly sufficient suitable sure take taken takes taking tell than thank thanks that their",
    "theirs them themselves there these they thing things think this those though through throughout to together told",
    "too took toward towards tried tries truly try trying two under unless unlike until up upon us used useful",
    "usually various vast very via want wanted wants was way ways well went were what whatever whenever where whereas",
    "wherever whether which whichever who whole whom whose why widely will wise with within without wonderful worse",
    "worst worth would wrong year years yes you your yours yourself avoid avoids achieve achieves allow allows",
    "improve improves increase reduce ensure ensures enhance provide provides require requires consider considers",
    "explain describe compare choose become happen happens occur occurs remain remains depend depends prevent",
    "prevents understand realise realize believe apologize encourage suggest recommend emphasize illustrate",
    "demonstrate facilitate advantage disadvantage benefit benefits reason reasons purpose difference importance",
    "opportunity challenge ability knowledge experience skill skills effort example examples situation problem",
    "problems solution mistake advice meaning feeling feelings life world time day days week weeks month months today",
    "tomorrow yesterday morning evening night friend friends family children child man men woman women teacher",
    "student school company country city house home money water food book books car dog cat station garden weather",
    "health work job business society history culture music story stories heart hand eye face case cases faster",
    "slower founded found mission factory teacher poet doctor lawyer nurse farmer artist writer author singer dancer",
    "actor king queen president minister leader customer customers neighbour neighbor guest hero enemy stranger adult",
    "baby boy girl father mother brother sister son daughter husband wife parents grandfather grandmother aunt uncle",
    "cousin apple orange banana grape peach lemon vegetable vegetables fruit fruits meat fish bread rice egg eggs",
    "milk butter cheese sugar tea coffee wine beer soup cake pie cookie breakfast lunch dinner supper meal",
    "kitchen chair bed bedroom bathroom door garden yard street road river lake sea ocean beach island mountain hill",
    "flower flowers grass sky sun moon rain snow wind storm sunlight summer autumn winter season seasons climate",
    "nature earth ice animal animals bird birds horse cow sheep rabbit tiger lion bear wolf insect butterfly umbrella",
    "hat coat jacket shirt dress shoes bag bottle knife spoon newspaper magazine novel poem painting movie theater",
    "museum library hospital bank shop restaurant hotel airport car bicycle airplane trip journey vacation holiday",
    "festival party wedding birthday gift present sport sports exercise team victory war peace freedom justice law",
    "government economy economic political social industry trade farm village town religion church temple tradition",
    "traditional modern ancient century age youth death birth love joy happiness sadness anger fear surprise pain",
    "dream dreams memory memories patience courage confidence friendship respect honor kindness wisdom talent habit",
    "attitude behavior emotion mood smile wet dirty rich tired hungry thirsty sick healthy happy sad angry afraid",
    "brave gentle polite rude lazy careful lucky lonely proud shy calm crazy funny boring exciting amazing delicious",
    "sweet bitter sour expensive buy sell eat drink cook wake swim fly sing dance speak talk hear smell taste feel",
    "laugh cry live die born wash begin finish arrive leave visit stay hurt hate hope wish promise forget remember",
    "decide decision agree disagree apologise accept refuse celebrate protect destroyed destroy improve promotion",
    "relax reserve postpone clarify prepare worry enjoy distribute decrease shipped discuss committee deadline waves",
    "wave shorter longer sooner bigger smaller higher lower stronger weaker cheaper newer older earlier harder",
    "brighter darker warmer cooler place middle",
)


def everyday(word: str) -> bool:
    """Whether a lower-case word is everyday English, its plural, or an adverb, which no trade has as its term."""
    return word in EVERYDAY or is_adverb(word) or (word.endswith("s") and word[:-1] in EVERYDAY)


def is_adverb(word: str) -> bool:
    """Whether a word looks like an adverb made of an adjective."""
    return len(word) > 5 and word.endswith("ly") and word not in _NO_ADVERBS


_NO_ADVERBS = word_set("family assembly multiply supply readonly anomaly monopoly butterfly")

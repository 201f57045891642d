"""The interface in Japanese, with the keys of the English one."""

JA = {
    # every page
    "studio": "komainu studio",
    "skip": "本文へ移動",
    "nav": "ページ",
    "language": "言語",
    "nav.runs": "実行",
    "read_only": "閲覧専用",
    "writing": "投票を記録します",
    # errors
    "error.missing": "見つかりません",
    "error.cannot": "表示できません",
    "error.401": "トークンが必要です",
    "error.403": "許可されていません",
    "error.404": "そのページはありません",
    "error.405": "このページはその種類の要求を受け付けません",
    "error.413": "送信された内容が長すぎます",
    "error.500": "komainu の不具合です。studio を起動した端末に詳細があります",
    "error.host": "このアドレスは studio のものではありません。localhost か、起動時に指定したアドレスで開いてください",
    "error.token": "起動時に表示された ?token= 付きのアドレスを開いてください",
    "error.read_only": "この studio は閲覧専用です。投票するには --write を付けて起動してください",
    "error.origin": "この studio のページから送信されたものではありません",
    "error.form": "以前の studio のページから送信されたものです。ページを読み込み直してください",
    "error.back": "実行の一覧へ",
    # runs
    "runs.title": "実行と成果物",
    "runs.none": "まだ何も作られていません。",
    "runs.store": "保存先",
}

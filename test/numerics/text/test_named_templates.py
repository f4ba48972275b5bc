"""The templates of `--chat-template NAME`: what each makes of a conversation,
written down here from the formats' descriptions, and that jinja2 agrees on it
and on shorter ones."""

import pathlib
import sys

import common

import test_template  # noqa: E402  (skips without jinja2)

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "tools" / "quern" / "templates"
TALK = [("system", "Be short."), ("user", "Hi!"), ("assistant", "Hello."), ("user", "Why?")]

EXPECTED = {
    "chatml": "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi!<|im_end|>\n"
              "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
              "<|im_start|>assistant\n",
    "llama2": "<s>[INST] <<SYS>>\nBe short.\n<</SYS>>\n\nHi! [/INST] Hello. </s><s>[INST] Why? [/INST]",
    "llama3": "<s><|start_header_id|>system<|end_header_id|>\n\nBe short.<|eot_id|>"
              "<|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>"
              "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"
              "<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>"
              "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "llama4": "<s><|header_start|>system<|header_end|>\n\nBe short.<|eot|>"
              "<|header_start|>user<|header_end|>\n\nHi!<|eot|>"
              "<|header_start|>assistant<|header_end|>\n\nHello.<|eot|>"
              "<|header_start|>user<|header_end|>\n\nWhy?<|eot|>"
              "<|header_start|>assistant<|header_end|>\n\n",
    "mistral": "<s>[INST] Hi![/INST] Hello.</s>[INST] Be short.\n\nWhy?[/INST]",
    "mistral-v7": "<s>[SYSTEM_PROMPT]Be short.[/SYSTEM_PROMPT][INST]Hi![/INST]Hello.</s>[INST]Why?[/INST]",
    "gemma": "<s><start_of_turn>user\nBe short.\n\nHi!<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n"
             "<start_of_turn>user\nWhy?<end_of_turn>\n<start_of_turn>model\n",
    "phi3": "<|system|>\nBe short.<|end|>\n<|user|>\nHi!<|end|>\n<|assistant|>\nHello.<|end|>\n"
            "<|user|>\nWhy?<|end|>\n<|assistant|>\n",
    "phi4": "<|im_start|>system<|im_sep|>Be short.<|im_end|><|im_start|>user<|im_sep|>Hi!<|im_end|>"
            "<|im_start|>assistant<|im_sep|>Hello.<|im_end|><|im_start|>user<|im_sep|>Why?<|im_end|>"
            "<|im_start|>assistant<|im_sep|>",
    "zephyr": "<|system|>\nBe short.</s>\n<|user|>\nHi!</s>\n<|assistant|>\nHello.</s>\n<|user|>\nWhy?</s>\n"
              "<|assistant|>\n",
    "vicuna": "<s>Be short.\n\nUSER: Hi!\nASSISTANT: Hello.</s>\nUSER: Why?\nASSISTANT:",
    "granite": "<|start_of_role|>system<|end_of_role|>Be short.<|end_of_text|>\n"
               "<|start_of_role|>user<|end_of_role|>Hi!<|end_of_text|>\n"
               "<|start_of_role|>assistant<|end_of_role|>Hello.<|end_of_text|>\n"
               "<|start_of_role|>user<|end_of_role|>Why?<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>",
    "command-r": "<s><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be short.<|END_OF_TURN_TOKEN|>"
                 "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>Hi!<|END_OF_TURN_TOKEN|>"
                 "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>Hello.<|END_OF_TURN_TOKEN|>"
                 "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>Why?<|END_OF_TURN_TOKEN|>"
                 "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
    "deepseek": "<s>Be short.<｜User｜>Hi!<｜Assistant｜>Hello.<｜end▁of▁sentence｜><｜User｜>Why?<｜Assistant｜>",
}


def context(talk, prompt):
    return {"messages": [{"role": role, "content": content} for role, content in talk],
            "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": prompt}


def main():
    driver = test_template.Driver(common.arguments("--published").driver)
    contexts = [context(TALK[:n], prompt) for prompt in (True, False) for n in (4, 3, 2, 1, 0)]
    contexts += [context(TALK[1:n], True) for n in (2, 3, 4)]
    names = {path.stem for path in FOLDER.glob("*.jinja")}
    failures = [f"{name}: no template, or not expected here" for name in names ^ set(EXPECTED)]
    for name in sorted(names & set(EXPECTED)):
        source = (FOLDER / f"{name}.jinja").read_text()
        ours = driver.render(source, contexts)
        if ours[0] != ("+", EXPECTED[name]):
            failures.append(f"{name}: {ours[0]}\n  expected {EXPECTED[name]!r}")
        for mine, theirs, at in zip(ours, test_template.expected(source, contexts), range(99)):
            if mine != theirs:
                failures.append(f"{name}, conversation {at}: {mine}\n  jinja2 {theirs}")
    print(f"{len(names)} templates, {len(contexts)} conversations each, {len(failures)} failures")
    for failure in failures:
        print(failure)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()

"""The button that checks a gradient: the number a little larger, and everything after it computed again."""

import numpy as np
import pytest

from tests.explore.pages import FOUR, backward, exact, gradients_of, opened_scene, random_scene, read, score

CHECK = """async places => {
  const said = [], sum = document.getElementById("sum");
  for (const [name, k, i, j] of places) {
    go(name, k, i, j, false);
    Array.from(sum.querySelectorAll("button")).find(each => each.textContent.startsWith("Check it")).click();
    while (!sum.querySelector(".formula").textContent.includes("=")) await new Promise(done => setTimeout(done));
    said.push([sum.querySelector("p").textContent, sum.querySelector(".formula").textContent]);
  }
  return said;
}"""


def test_computing_again_agrees_with_the_gradient(tab, tmp_path):
    scene, rng = random_scene(12, 20, depth=3, base=6), np.random.default_rng(3)
    recording, _ = exact(scene)
    gradients = gradients_of(recording, score(scene, 6, 11, 1))
    asked = []
    while len(asked) < 20:
        name = rng.choice(list(gradients))
        i, j, k = (int(n) for n in rng.choice(np.argwhere(abs(gradients[name]) > 0.02)))
        asked.append((name, k, i, j))
    opened_scene(tab, scene, tmp_path)
    backward(tab, 6, 11, 1)
    agreed = 0
    for (name, k, i, j), (words, formula) in zip(asked, tab.evaluate(CHECK, asked), strict=True):
        gradient = gradients[name][i, j, k]
        assert "score of class 1 at row 6, column 11" in words and read(words)[4] == pytest.approx(gradient, abs=FOUR)
        after, before, step, slope, said = read(formula)[:5]
        assert said == pytest.approx(gradient, abs=FOUR)
        assert before == pytest.approx(recording.steps["out"].y[0, 6, 11, 1], abs=FOUR)
        assert read(words)[3] == pytest.approx(before, abs=FOUR)
        assert (after - before) / step == pytest.approx(slope, rel=0.005, abs=FOUR)  # with the digits that are shown
        if "differ" not in formula:
            agreed += 1
            assert slope == pytest.approx(gradient, rel=0.01, abs=FOUR)
    assert agreed >= 10

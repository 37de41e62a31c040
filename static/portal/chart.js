// Charts: show the value of the day or hour under the pointer, and with the arrow keys. Without a script there are titles.
"use strict";

for (const figure of document.querySelectorAll("[data-chart]")) {
  const chart = figure.querySelector("svg.chart");
  const points = [...chart.querySelectorAll(".point")];
  const value = figure.querySelector("[data-chart-value]");
  const texts = points.map((point) => point.querySelector("title").textContent);
  let chosen = points.length - 1;

  const show = (number) => {
    points[chosen].classList.remove("chosen");
    chosen = Math.min(Math.max(number, 0), points.length - 1);
    points[chosen].classList.add("chosen");
    value.textContent = texts[chosen];
    chart.setAttribute("aria-valuenow", String(chosen + 1));
    chart.setAttribute("aria-valuetext", texts[chosen]);
  };

  for (const point of points) point.querySelector("title").remove(); // else both would be shown
  value.hidden = false;
  chart.setAttribute("role", "slider");
  chart.setAttribute("tabindex", "0");
  chart.setAttribute("aria-valuemin", "1");
  chart.setAttribute("aria-valuemax", String(points.length));
  show(chosen);
  chart.addEventListener("pointermove", (event) => {
    const number = points.indexOf(event.target);
    if (number >= 0) show(number);
  });
  chart.addEventListener("pointerdown", (event) => {
    const number = points.indexOf(event.target);
    if (number >= 0) show(number);
  });
  chart.addEventListener("keydown", (event) => {
    const target = { ArrowLeft: chosen - 1, ArrowDown: chosen - 1, ArrowRight: chosen + 1, ArrowUp: chosen + 1, Home: 0, End: points.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    show(target);
  });
}

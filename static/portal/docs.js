// Starts Swagger UI, with our samples above the answers of each operation.
"use strict";

const place = document.getElementById("swagger-ui");
const words = place.dataset;

// A key to try with is taken out of the page at once, and lives on in memory only.
const tryKey = words.key;
delete words.key;

const samplesPlugin = (system) => {
  const { createElement: h, useState, Fragment } = system.React;

  const Samples = ({ samples }) => {
    const [shown, show] = useState(0);
    const [copied, setCopied] = useState(false);
    const copy = async () => {
      await navigator.clipboard.writeText(samples[shown].source);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    };
    const tabs = samples.map((sample, place) =>
      h(
        "button",
        {
          key: sample.label,
          type: "button",
          className: "samples-tab",
          "aria-pressed": place === shown,
          onClick: () => show(place),
        },
        sample.label,
      ),
    );
    return h(
      "div",
      { className: "samples", role: "group", "aria-label": words.samples },
      h("div", { className: "opblock-section-header" }, h("h4", { className: "opblock-title" }, words.samples)),
      h(
        "div",
        { className: "samples-body" },
        h(
          "div",
          { className: "samples-bar" },
          tabs,
          h("button", { type: "button", className: "samples-copy", onClick: copy }, words.copy),
          h("span", { role: "status" }, copied ? words.copied : ""),
        ),
        h("pre", { className: "samples-code", tabIndex: 0 }, h("code", null, samples[shown].source)),
        h("p", { className: "samples-hint" }, words.keyHint),
      ),
    );
  };

  const beforeAnswers = (Answers) => (props) => {
    const samples = system.specSelectors.specJson().getIn(["paths", props.path, props.method, "x-codeSamples"]);
    return h(Fragment, null, samples && h(Samples, { samples: samples.toJS() }), h(Answers, props));
  };

  return { wrapComponents: { responses: beforeAnswers } };
};

// Under whatever name this page was opened, calls go back there: the policy allows no other.
const toThisOrigin = (request) => {
  const url = new URL(request.url, location.href);
  request.url = location.origin + url.pathname + url.search;
  return request;
};

// Swagger UI leaves its selects without a name and its scrolling boxes out of the keyboard's reach.
const mend = () => {
  for (const select of place.querySelectorAll("select:not([aria-label])")) {
    select.setAttribute("aria-label", words.choice);
  }
  for (const box of place.querySelectorAll("pre.microlight:not([tabindex])")) {
    box.tabIndex = 0;
  }
};
new MutationObserver(mend).observe(place, { childList: true, subtree: true });

const ui = SwaggerUIBundle({
  url: words.description,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [samplesPlugin],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  requestInterceptor: toThisOrigin,
  onComplete: () => tryKey && ui.preauthorizeApiKey("ApiKeyAuth", tryKey),
  validatorUrl: null,
});

// Start Swagger UI, with the samples above the responses of each operation.
"use strict";

const container = document.getElementById("swagger-ui");
const labels = container.dataset;

// Remove the trial key from the page. It stays in memory only.
const trialKey = labels.key;
delete labels.key;

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
    const tabs = samples.map((sample, index) =>
      h(
        "button",
        {
          key: sample.label,
          type: "button",
          className: "samples-tab",
          "aria-pressed": index === shown,
          onClick: () => show(index),
        },
        sample.label,
      ),
    );
    return h(
      "div",
      { className: "samples", role: "group", "aria-label": labels.samples },
      h("div", { className: "opblock-section-header" }, h("h4", { className: "opblock-title" }, labels.samples)),
      h(
        "div",
        { className: "samples-body" },
        h(
          "div",
          { className: "samples-bar" },
          tabs,
          h("button", { type: "button", className: "samples-copy", onClick: copy }, labels.copy),
          h("span", { role: "status" }, copied ? labels.copied : ""),
        ),
        h("pre", { className: "samples-code", tabIndex: 0 }, h("code", null, samples[shown].source)),
        h("p", { className: "samples-hint" }, labels.keyHint),
      ),
    );
  };

  const withSamples = (Responses) => (props) => {
    const samples = system.specSelectors.specJson().getIn(["paths", props.path, props.method, "x-codeSamples"]);
    return h(Fragment, null, samples && h(Samples, { samples: samples.toJS() }), h(Responses, props));
  };

  return { wrapComponents: { responses: withSamples } };
};

// Send calls to the host of this page. The CSP allows no other.
const toThisOrigin = (request) => {
  const url = new URL(request.url, location.href);
  request.url = location.origin + url.pathname + url.search;
  return request;
};

// Swagger UI gives its selects no label and its scrolling boxes no tabindex.
const fixAccessibility = () => {
  for (const select of container.querySelectorAll("select:not([aria-label])")) {
    select.setAttribute("aria-label", labels.choice);
  }
  for (const box of container.querySelectorAll("pre.microlight:not([tabindex])")) {
    box.tabIndex = 0;
  }
};
new MutationObserver(fixAccessibility).observe(container, { childList: true, subtree: true });

const ui = SwaggerUIBundle({
  url: labels.description,
  domNode: container,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [samplesPlugin],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  requestInterceptor: toThisOrigin,
  onComplete: () => trialKey && ui.preauthorizeApiKey("ApiKeyAuth", trialKey),
  validatorUrl: null,
});

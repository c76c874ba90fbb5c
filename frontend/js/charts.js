// Draws every figure that carries <script type="application/json" data-chart>. Pages say what to show
// ({kind, categories, series: [{name, data}], unit, …}), how it looks is said here once.
import { BarChart, LineChart, MapChart, PieChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, registerMap, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  LegendComponent,
  LineChart,
  MapChart,
  PieChart,
  TooltipComponent,
  VisualMapComponent,
]);

const INK = "#1e2724";
const QUIET = "#56605b";
const LINE = "#e2dfd7";
const COLOURS = ["#12584f", "#c98a1e", "#5d86ad", "#a3483f", "#7fa88f", "#6d5f86", "#9a8f73", "#2f2f2f"];
const FONTS = getComputedStyle(document.documentElement).fontFamily;

// Tooltips as HTML would need style attributes, which the page's policy forbids: drawn text instead.
const TOOLTIP = { renderMode: "richText", confine: true, borderColor: LINE, textStyle: { color: INK, fontSize: 13 } };

function common(spec) {
  return {
    color: COLOURS,
    animation: false,
    textStyle: { fontFamily: FONTS, color: INK },
    aria: { enabled: true, decal: { show: spec.series.length > 1 || spec.kind === "pie" } },
    legend: { show: spec.series.length > 1, top: 0, left: 0, itemHeight: 10, textStyle: { color: INK } },
  };
}

function axes(spec) {
  const category = {
    type: "category",
    data: spec.categories,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: QUIET } },
    axisLabel: { color: QUIET, hideOverlap: true },
  };
  const value = {
    type: "value",
    name: spec.unit,
    nameTextStyle: { color: QUIET, align: spec.lying ? "left" : "right" },
    axisLabel: { color: QUIET },
    splitLine: { lineStyle: { color: LINE } },
  };
  return {
    ...common(spec),
    grid: { left: 8, right: spec.lying && spec.unit ? 40 : 16, top: spec.series.length > 1 ? 56 : 34, bottom: 4, containLabel: true },
    tooltip: { ...TOOLTIP, trigger: "axis" },
    xAxis: spec.lying ? value : category,
    yAxis: spec.lying ? { ...category, inverse: true } : value,
    series: spec.series.map((one) => ({
      ...one,
      type: spec.kind,
      stack: spec.stacked ? "all" : undefined,
      barMaxWidth: 28,
      symbolSize: 6,
    })),
  };
}

function pie(spec) {
  const data = spec.categories.map((name, i) => ({ name, value: spec.series[0].data[i] }));
  return {
    ...common(spec),
    tooltip: { ...TOOLTIP, trigger: "item" },
    series: [{ type: "pie", radius: ["36%", "62%"], data, label: { color: INK, formatter: "{b}\n{c}" }, labelLine: { length: 14, length2: 4 } }],
  };
}

async function map(spec) {
  const answer = await fetch(spec.boundaries);
  registerMap(spec.boundaries, await answer.json());
  const values = spec.series[0].data;
  return {
    ...common(spec),
    tooltip: { ...TOOLTIP, trigger: "item" },
    visualMap: {
      min: Math.min(...values),
      max: Math.max(...values),
      calculable: false,
      left: 0,
      bottom: 0,
      inRange: { color: ["#f6ecd2", "#d79a3f", "#a3261d"] },
    },
    series: [
      {
        type: "map",
        map: spec.boundaries,
        name: spec.series[0].name,
        nameProperty: spec.nameProperty || "name",
        itemStyle: { borderColor: "#fff" },
        data: spec.categories.map((name, i) => ({ name, value: values[i] })),
      },
    ],
  };
}

async function draw(figure) {
  const island = figure.querySelector("script[data-chart]");
  const plot = figure.querySelector(".plot");
  if (!island || !plot || plot.firstChild) return;
  const spec = JSON.parse(island.textContent);
  const option = spec.kind === "pie" ? pie(spec) : spec.kind === "map" ? await map(spec) : axes(spec);
  plot.hidden = false;
  const chart = init(plot);
  chart.setOption(option);
  // With the picture drawn, the table moves behind a line to unfold.
  figure.querySelector("details")?.removeAttribute("open");
  window.addEventListener("resize", () => chart.resize());
}

function drawAll() {
  document.querySelectorAll("figure.chart").forEach(draw);
}

drawAll();
document.addEventListener("htmx:afterSettle", drawAll);

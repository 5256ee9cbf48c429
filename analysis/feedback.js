'use strict';
const DATA = JSON.parse(document.getElementById('data').textContent);
const said = (value) => value.toFixed(1).replace('.', DATA.language === 'vi' ? ',' : '.');
const levelOf = (mean) => DATA.levels.filter((level) => mean >= level[0]).pop();

function add(parent, tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function bar(parent, label, value, text, className) {
  const row = add(parent, 'div', '', 'row');
  add(row, 'span', label, 'label');
  const track = add(row, 'span', '', 'track');
  track.setAttribute('aria-hidden', 'true');
  if (value !== null) add(track, 'span', '', 'fill ' + className).style.setProperty('width', (100 * value) / 4 + '%');
  add(row, 'span', text, 'value');
}

function show() {
  const result = document.getElementById('result');
  result.replaceChildren();
  for (const scale of DATA.scales) {
    const answers = scale.items.map((item) => document.querySelector(`input[name="${item}"]:checked`)).filter(Boolean);
    const card = add(result, 'section', '', 'card');
    const head = add(card, 'h3', scale.title);
    const enough = answers.length >= Math.max(1, scale.least * scale.items.length);
    const count = `${answers.length}/${scale.items.length} ${DATA.words.answered}`;
    if (!enough) {
      add(card, 'p', `${DATA.words.few} (${count})`, 'small');
      continue;
    }
    const mean = answers.reduce((sum, answer) => sum + Number(answer.value), 0) / answers.length;
    const level = levelOf(mean);
    add(head, 'span', ' – ' + level[1]);
    add(card, 'p', `${level[1]}: ${level[2]}`);
    bar(card, DATA.words.you, mean, said(mean), 'you');
    if (DATA.wave === null) add(card, 'p', DATA.words.none, 'small');
    else {
      const average = DATA.averages[scale.id];
      const value = average ? Number(average.replace(',', '.')) : null;
      bar(card, `${DATA.words.school} ${DATA.wave}`, value, average || DATA.words.hidden, 'school');
    }
    add(card, 'p', count, 'small');
  }
  const heading = document.getElementById('result-heading');
  heading.hidden = false;
  heading.focus();
}

document.getElementById('show').addEventListener('click', show);

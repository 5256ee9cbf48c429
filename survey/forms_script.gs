/**
 * Khảo Sát Số: tạo biểu mẫu Google từ tệp phiếu hỏi.   (English below)
 *
 * Cách dùng, không cần Google Cloud:
 *   1. Mở https://script.google.com bằng tài khoản sẽ giữ biểu mẫu, chọn “Dự án mới”.
 *   2. Xóa những gì có sẵn, dán toàn bộ tệp này vào, lưu lại.
 *   3. Chọn hàm taoBieuMau rồi bấm Chạy (Run); lần đầu Google hỏi quyền: đồng ý.
 *   4. Mở “Nhật ký thực thi”: có liên kết để gửi cho mọi người và mã trang tính để ghi vào study.yaml.
 * Phiếu hỏi thay đổi thì dán tệp mới đè lên trong cùng dự án rồi chạy lại: biểu mẫu được cập nhật, không tạo thêm.
 *
 * Paste this whole file into a new project at script.google.com, choose taoBieuMau and press Run. Running it again updates
 * the same form. The log shows the link for people and the key of the response sheet.
 */
const PLAN = /** @type {any} */ (@PLAN@);

/** Where a choice leads that ends the form. */
const SUBMIT = '@submit';

/** The tab that says which column is which question; the import reads it. */
const MAP_TAB = '_khaosatso';

/**
 * What earlier runs made: the form, its response sheet, and each item by the key that the plan gives it.
 * @typedef {{form: string, book: string, items: {[key: string]: {id: number, kind: string}}}} Made
 */

function taoBieuMau() {
  const kept = PropertiesService.getScriptProperties();
  /** @type {Made} */
  const made = JSON.parse(kept.getProperty(PLAN.id) || '{"form": "", "book": "", "items": {}}');
  const save = () => kept.setProperty(PLAN.id, JSON.stringify(made));

  const form = openForm(made);
  save();
  setUp(form);
  for (const item of PLAN.items) {
    place(form, item, made);
    save(); // a run that is cut off goes on where it stopped
    fill(form, item, made);
  }
  for (const [index, item] of PLAN.items.entries()) form.moveItem(find(form, item.key, made), index);
  for (const item of PLAN.items) lead(form, item, made);
  clear(form, made);
  save();

  const book = openBook(made);
  save();
  link(form, book);
  writeMap(book, made);
  publish(form);
  return tell(form, book);
}

/** To begin anew with another form, in the same project: run this, then taoBieuMau. The old form and its answers stay. */
function lamLaiTuDau() {
  PropertiesService.getScriptProperties().deleteProperty(PLAN.id);
}

/**
 * The form of an earlier run, or a new one.
 * @param {Made} made
 */
function openForm(made) {
  if (made.form) return FormApp.openById(made.form);
  const form = FormApp.create(PLAN.title);
  made.form = form.getId();
  return form;
}

/** @param {GoogleAppsScript.Forms.Form} form */
function setUp(form) {
  form.setTitle(PLAN.title);
  form.setDescription(PLAN.description);
  form.setConfirmationMessage(PLAN.thanks);
  form.setCollectEmail(PLAN.email);
  form.setLimitOneResponsePerUser(PLAN.once);
  form.setAllowResponseEdits(PLAN.edits);
  form.setProgressBar(true);
  form.setShuffleQuestions(false);
  form.setShowLinkToRespondAgain(false);
  form.setPublishingSummary(false);
  if (!PLAN.once && !PLAN.email) {
    try {
      form.setRequireLogin(false); // known to Workspace accounts only; the forms of others ask for no sign-in anyway
    } catch (error) {
      Logger.log('setRequireLogin: ' + error);
    }
  }
}

/**
 * The item that the form has for a key of the plan.
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {string} key
 * @param {Made} made
 */
function find(form, key, made) {
  return form.getItemById(made.items[key].id);
}

/**
 * Keep the item of an earlier run where it is still there and of the same kind; else add one at the end.
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {any} item
 * @param {Made} made
 */
function place(form, item, made) {
  const before = made.items[item.key];
  if (before && before.kind === item.kind && form.getItemById(before.id)) return;
  if (before) remove(form, before.id);
  made.items[item.key] = { id: add(form, item.kind), kind: item.kind };
}

/**
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {string} kind
 * @returns {number}
 */
function add(form, kind) {
  switch (kind) {
    case 'heading': return form.addSectionHeaderItem().getId();
    case 'page': return form.addPageBreakItem().getId();
    case 'radio': return form.addMultipleChoiceItem().getId();
    case 'list': return form.addListItem().getId();
    case 'checkbox': return form.addCheckboxItem().getId();
    case 'grid': return form.addGridItem().getId();
    case 'linear': return form.addScaleItem().getId();
    case 'words': return form.addTextItem().getId();
    case 'long_words': return form.addParagraphTextItem().getId();
    case 'date': return form.addDateItem().getId();
    default: throw new Error('kind: ' + kind);
  }
}

/**
 * Everything about an item but where its answers lead.
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {any} item
 * @param {Made} made
 */
function fill(form, item, made) {
  const own = find(form, item.key, made);
  own.setTitle(item.title).setHelpText(item.help);
  switch (item.kind) {
    case 'radio': own.asMultipleChoiceItem().setRequired(item.required).showOtherOption(item.other); break;
    case 'list': own.asListItem().setRequired(item.required); break;
    case 'checkbox':
      own.asCheckboxItem().setRequired(item.required).setChoiceValues(texts(item.options)).showOtherOption(item.other);
      break;
    case 'grid': own.asGridItem().setRequired(item.required).setRows(titles(item.rows)).setColumns(item.columns); break;
    case 'linear':
      own.asScaleItem().setRequired(item.required).setBounds(item.low, item.high).setLabels(item.low_label, item.high_label);
      break;
    case 'words': check(own.asTextItem().setRequired(item.required), item.check); break;
    case 'long_words': own.asParagraphTextItem().setRequired(item.required); break;
    case 'date': own.asDateItem().setRequired(item.required); break;
  }
}

/** @param {{text: string}[]} options */
const texts = (options) => options.map((option) => option.text);

/** @param {{title: string}[]} rows */
const titles = (rows) => rows.map((row) => row.title);

/**
 * @param {GoogleAppsScript.Forms.TextItem} own
 * @param {any} wanted
 */
function check(own, wanted) {
  if (!wanted) {
    own.clearValidation();
    return;
  }
  const rule = FormApp.createTextValidation().setHelpText(wanted.message);
  switch (wanted.kind) {
    case 'pattern': rule.requireTextMatchesPattern(wanted.pattern); break;
    case 'number': rule.requireNumber(); break;
    case 'between': rule.requireNumberBetween(wanted.low, wanted.high); break;
    case 'at_least': rule.requireNumberGreaterThanOrEqualTo(wanted.low); break;
    case 'at_most': rule.requireNumberLessThanOrEqualTo(wanted.high); break;
    default: throw new Error('check: ' + wanted.kind);
  }
  own.setValidation(rule.build());
}

/**
 * Where pages and choices lead, when all pages are there.
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {any} item
 * @param {Made} made
 */
function lead(form, item, made) {
  const own = find(form, item.key, made);
  /** @param {string} key */
  const page = (key) => find(form, key, made).asPageBreakItem();
  if (item.kind === 'page') {
    if (item.instead === SUBMIT) own.asPageBreakItem().setGoToPage(FormApp.PageNavigationType.SUBMIT);
    else if (item.instead) own.asPageBreakItem().setGoToPage(page(item.instead));
    else own.asPageBreakItem().setGoToPage(FormApp.PageNavigationType.CONTINUE);
  }
  if (item.kind === 'radio' || item.kind === 'list') {
    const list = item.kind === 'radio' ? own.asMultipleChoiceItem() : own.asListItem();
    const leads = item.options.some((/** @type {any} */ option) => option.goto);
    list.setChoices(
      item.options.map((/** @type {any} */ option) => {
        if (!leads) return list.createChoice(option.text);
        if (option.goto === SUBMIT) return list.createChoice(option.text, FormApp.PageNavigationType.SUBMIT);
        if (option.goto) return list.createChoice(option.text, page(option.goto));
        return list.createChoice(option.text, FormApp.PageNavigationType.CONTINUE);
      })
    );
  }
}

/**
 * Items of an earlier run that the questionnaire no longer has (their columns of answers stay in the sheet), and those without
 * a title that a run left which was cut off. What somebody added to the form by hand stays.
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {Made} made
 */
function clear(form, made) {
  const planned = new Set(PLAN.items.map((/** @type {any} */ item) => item.key));
  for (const key of Object.keys(made.items)) {
    if (!planned.has(key)) {
      remove(form, made.items[key].id);
      delete made.items[key];
    }
  }
  const known = new Set(Object.values(made.items).map((item) => item.id));
  for (const item of form.getItems()) if (!known.has(item.getId()) && !item.getTitle()) form.deleteItem(item);
}

/**
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {number} id
 */
function remove(form, id) {
  const item = form.getItemById(id);
  if (item) form.deleteItem(item);
}

/** @param {Made} made */
function openBook(made) {
  if (made.book) return SpreadsheetApp.openById(made.book);
  const book = SpreadsheetApp.create(PLAN.book);
  made.book = book.getId();
  return book;
}

/**
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {GoogleAppsScript.Spreadsheet.Spreadsheet} book
 */
function link(form, book) {
  book.setSpreadsheetLocale('vi_VN');
  book.setSpreadsheetTimeZone('Asia/Ho_Chi_Minh');
  let linked = '';
  try {
    linked = form.getDestinationId();
  } catch (error) {
    linked = ''; // so a form without a sheet answers
  }
  if (linked !== book.getId()) form.setDestination(FormApp.DestinationType.SPREADSHEET, book.getId());
  if (PLAN.reader) book.addViewer(PLAN.reader);
}

/**
 * @param {GoogleAppsScript.Spreadsheet.Spreadsheet} book
 * @param {Made} made
 */
function writeMap(book, made) {
  const rows = [['question', 'item', 'header']];
  for (const item of PLAN.items) {
    const id = String(made.items[item.key].id);
    if (item.kind === 'grid') for (const row of item.rows) rows.push([row.key, id, item.title + ' [' + row.title + ']']);
    else if (item.kind !== 'heading' && item.kind !== 'page') rows.push([item.key, id, item.title]);
  }
  const tab = book.getSheetByName(MAP_TAB) || book.insertSheet(MAP_TAB);
  tab.clear();
  tab.getRange(1, 1, rows.length, 3).setNumberFormat('@').setValues(rows);
  tab.hideSheet();
}

/**
 * Since 2025 a new form may be a draft, which nobody can answer; the published types do not have these calls yet.
 * @param {GoogleAppsScript.Forms.Form} form
 */
function publish(form) {
  const draft = /** @type {any} */ (form);
  const known = typeof draft.supportsAdvancedResponderPermissions === 'function';
  if (known && draft.supportsAdvancedResponderPermissions()) draft.setPublished(true);
  form.setAcceptingResponses(true);
}

/**
 * @param {GoogleAppsScript.Forms.Form} form
 * @param {GoogleAppsScript.Spreadsheet.Spreadsheet} book
 */
function tell(form, book) {
  const links = { answer: form.getPublishedUrl(), edit: form.getEditUrl(), sheet: book.getUrl(), key: book.getId() };
  Logger.log('Liên kết để trả lời / link for people: ' + links.answer);
  Logger.log('Sửa biểu mẫu / edit the form: ' + links.edit);
  Logger.log('Trang tính câu trả lời / response sheet: ' + links.sheet);
  Logger.log(
    'Ghi vào đợt ấy trong study.yaml / for that wave in study.yaml:\n    link: ' + links.answer + '\n    source: {sheet: ' + links.key + '}'
  );
  return links;
}

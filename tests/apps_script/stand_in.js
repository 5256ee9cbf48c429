// A recording stand-in for the Google services that the script uses. It keeps Google's own rules (a choice either leads
// somewhere or none of them does, ids that are not there are null, bounds of a scale), and refuses any call it does not know.
'use strict';

const SUBMIT = { nav: '@submit' };
const CONTINUE = { nav: '' };

function strict(target, name) {
  return new Proxy(target, {
    get(object, key) {
      if (key in object || typeof key === 'symbol' || key === 'toJSON' || key === 'then') return object[key];
      throw new Error(`${name} has no ${String(key)}`);
    },
  });
}

function refuse(condition, words) {
  if (condition) throw new Error(words);
}

function services(world) {
  const id = () => ++world.last;

  function view(form, item) {
    const self = strict(
      {
        raw: item,
        getId: () => item.id,
        getTitle: () => item.title,
        setTitle: (title) => ((item.title = text(title)), self),
        setHelpText: (words) => ((item.help = text(words)), self),
        ...as('Heading', 'heading'), ...as('SectionHeader', 'heading'), ...as('PageBreak', 'page'),
        ...as('MultipleChoice', 'radio'), ...as('List', 'list'), ...as('Checkbox', 'checkbox'), ...as('Grid', 'grid'),
        ...as('Scale', 'linear'), ...as('Text', 'words'), ...as('ParagraphText', 'long_words'), ...as('Date', 'date'),
        ...own(),
      },
      item.kind
    );

    function as(name, kind) {
      return {
        [`as${name}Item`]: () => {
          refuse(item.kind !== kind, `an item of kind ${item.kind} is no ${name}Item`);
          return self;
        },
      };
    }

    function own() {
      if (item.kind === 'heading') return {};
      if (item.kind === 'page') {
        return {
          setGoToPage: (to) => {
            item.instead = 'nav' in to ? to.nav : { page: to.raw.id };
            return self;
          },
        };
      }
      const setRequired = (required) => ((item.required = flag(required)), self);
      const showOtherOption = (other) => {
        refuse(flag(other) && (item.options || []).some((o) => o.goto !== null), 'Other beside choices that lead somewhere');
        item.other = other;
        return self;
      };
      const setChoices = (choices) => {
        refuse(!choices.length, 'no choices');
        refuse(new Set(choices.map((c) => c.text)).size < choices.length, 'one choice twice');
        const led = choices.filter((choice) => choice.goto !== null).length;
        refuse(led > 0 && led < choices.length, 'some choices lead somewhere and some do not');
        refuse(led > 0 && item.other, 'Other beside choices that lead somewhere');
        item.options = choices;
        return self;
      };
      const createChoice = (words, to) => {
        refuse(!text(words), 'an empty choice');
        return { text: words, goto: to === undefined ? null : 'nav' in to ? to.nav : { page: to.raw.id } };
      };
      const setChoiceValues = (values) => setChoices(values.map((value) => createChoice(value)));
      switch (item.kind) {
        case 'radio': return { setRequired, showOtherOption, setChoices, createChoice, setChoiceValues };
        case 'list': return { setRequired, setChoices, createChoice, setChoiceValues };
        case 'checkbox': return { setRequired, showOtherOption, setChoices, setChoiceValues, createChoice };
        case 'grid':
          return {
            setRequired,
            setRows: (rows) => ((item.rows = distinct(rows)), self),
            setColumns: (columns) => ((item.columns = distinct(columns)), self),
          };
        case 'linear':
          return {
            setRequired,
            setBounds: (low, high) => {
              refuse(![0, 1].includes(low) || high < 3 || high > 10, `bounds ${low}-${high}`);
              item.low = low;
              item.high = high;
              return self;
            },
            setLabels: (low, high) => ((item.low_label = text(low)), (item.high_label = text(high)), self),
          };
        case 'words':
          return {
            setRequired,
            setValidation: (check) => ((item.check = check), self),
            clearValidation: () => ((item.check = null), self),
          };
        default: return { setRequired };
      }
    }
    return self;
  }

  function formView(form) {
    const add = (kind) => () => {
      const item = { id: id(), kind, title: '', help: '', required: false, other: false };
      form.items.push(item);
      return view(form, item);
    };
    const set = (name, read) => (value) => ((form[name] = read(value)), self);
    const self = strict(
      {
        getId: () => form.id,
        setTitle: set('title', text), setDescription: set('description', text), setConfirmationMessage: set('thanks', text),
        setCollectEmail: set('email', flag), setLimitOneResponsePerUser: set('once', flag),
        setAllowResponseEdits: set('edits', flag), setProgressBar: set('progress', flag),
        setShuffleQuestions: set('shuffle', flag), setShowLinkToRespondAgain: set('again', flag),
        setPublishingSummary: set('summary', flag), setAcceptingResponses: set('accepting', flag),
        setPublished: set('published', flag),
        supportsAdvancedResponderPermissions: () => true,
        setRequireLogin: (value) => {
          refuse(!world.workspace, 'This form cannot require a login');
          return set('login', flag)(value);
        },
        addSectionHeaderItem: add('heading'), addPageBreakItem: add('page'), addMultipleChoiceItem: add('radio'),
        addListItem: add('list'), addCheckboxItem: add('checkbox'), addGridItem: add('grid'), addScaleItem: add('linear'),
        addTextItem: add('words'), addParagraphTextItem: add('long_words'), addDateItem: add('date'),
        getItems: () => form.items.map((item) => view(form, item)),
        getItemById: (wanted) => {
          const item = form.items.find((one) => one.id === wanted);
          return item ? view(form, item) : null;
        },
        moveItem: (item, index) => {
          const from = form.items.indexOf(item.raw);
          refuse(from < 0 || index >= form.items.length, 'moveItem');
          form.items.splice(index, 0, ...form.items.splice(from, 1));
          return item;
        },
        deleteItem: (item) => {
          refuse(!form.items.includes(item.raw), 'deleteItem');
          form.items.splice(form.items.indexOf(item.raw), 1);
        },
        getDestinationId: () => {
          refuse(!form.destination, 'The form currently has no response destination.');
          return form.destination;
        },
        setDestination: (kind, book) => {
          refuse(kind !== 'SPREADSHEET' || !world.books[book], 'setDestination');
          form.destination = book;
          form.linked = (form.linked || 0) + 1; // each time a new tab of responses
          return self;
        },
        getPublishedUrl: () => `https://docs.google.com/forms/d/e/${form.id}/viewform`,
        getEditUrl: () => `https://docs.google.com/forms/d/${form.id}/edit`,
      },
      'Form'
    );
    return self;
  }

  function bookView(book) {
    const set = (name) => (value) => ((book[name] = value), self);
    const tabView = (tab) =>
      strict(
        {
          clear: () => ((tab.rows = []), undefined),
          hideSheet: () => ((tab.hidden = true), undefined),
          getRange: (row, column, rows, columns) => {
            const range = strict(
              {
                setNumberFormat: (format) => ((tab.format = format), range),
                setValues: (values) => {
                  refuse(values.length !== rows || values.some((one) => one.length !== columns), 'setValues: another size');
                  tab.rows = values;
                  return range;
                },
              },
              'Range'
            );
            return range;
          },
        },
        'Sheet'
      );
    const self = strict(
      {
        getId: () => book.id,
        getUrl: () => `https://docs.google.com/spreadsheets/d/${book.id}/edit`,
        setSpreadsheetLocale: set('locale'), setSpreadsheetTimeZone: set('timezone'),
        addViewer: (email) => (book.viewers.includes(email) || book.viewers.push(email), self),
        getSheetByName: (name) => (book.tabs[name] ? tabView(book.tabs[name]) : null),
        insertSheet: (name) => tabView((book.tabs[name] = { rows: [], hidden: false })),
      },
      'Spreadsheet'
    );
    return self;
  }

  function validation() {
    const check = { message: '' };
    const rule = (kind, ...names) => (...values) => {
      refuse(check.kind, 'a validation checks one thing');
      check.kind = kind;
      names.forEach((name, place) => (check[name] = values[place]));
      return self;
    };
    const self = strict(
      {
        setHelpText: (words) => ((check.message = text(words)), self),
        requireTextMatchesPattern: (pattern) => {
          new RegExp(pattern);
          return rule('pattern', 'pattern')(pattern);
        },
        requireNumber: rule('number'), requireNumberBetween: rule('between', 'low', 'high'),
        requireNumberGreaterThanOrEqualTo: rule('at_least', 'low'), requireNumberLessThanOrEqualTo: rule('at_most', 'high'),
        build: () => (refuse(!check.kind, 'an empty validation'), check),
      },
      'TextValidationBuilder'
    );
    return self;
  }

  return {
    FormApp: strict(
      {
        create: (title) => {
          const form = { id: `form${id()}`, title: text(title), items: [], accepting: true };
          world.forms[form.id] = form;
          return formView(form);
        },
        openById: (wanted) => {
          refuse(!world.forms[wanted], `No item with the given ID could be found: ${wanted}`);
          return formView(world.forms[wanted]);
        },
        createTextValidation: validation,
        PageNavigationType: { SUBMIT, CONTINUE },
        DestinationType: { SPREADSHEET: 'SPREADSHEET' },
      },
      'FormApp'
    ),
    SpreadsheetApp: strict(
      {
        create: (name) => {
          const book = { id: `book${id()}`, name, viewers: [], tabs: {} };
          world.books[book.id] = book;
          return bookView(book);
        },
        openById: (wanted) => {
          refuse(!world.books[wanted], `no spreadsheet ${wanted}`);
          return bookView(world.books[wanted]);
        },
      },
      'SpreadsheetApp'
    ),
    PropertiesService: strict(
      {
        getScriptProperties: () =>
          strict(
            {
              getProperty: (name) => (name in world.properties ? world.properties[name] : null),
              deleteProperty: (name) => delete world.properties[name],
              setProperty: (name, value) => {
                refuse(world.cut && --world.cut === 0, 'Exceeded maximum execution time');
                refuse(String(value).length > 9 * 1024, 'a property holds 9 KB at most');
                world.properties[name] = String(value);
              },
            },
            'Properties'
          ),
      },
      'PropertiesService'
    ),
    Logger: strict({ log: (words) => world.log.push(words) }, 'Logger'),
  };
}

function text(value) {
  refuse(typeof value !== 'string', `a text, not ${JSON.stringify(value)}`);
  return value;
}

function flag(value) {
  refuse(typeof value !== 'boolean', `true or false, not ${JSON.stringify(value)}`);
  return value;
}

function distinct(values) {
  refuse(!values.length || new Set(values).size < values.length, 'rows and columns are distinct');
  return values.map(text);
}

module.exports = { services };

/** What a new diagram begins with. */
export interface Template {
  kind: string
  title: string
  source: string
}

export const TEMPLATES: readonly Template[] = [
  {
    kind: 'flowchart',
    title: 'Flowchart',
    source:
      'flowchart TD\n    lead[Lead] --> talk[First talk]\n    talk -->|fits| offer[Offer]\n    talk -->|does not| thanks[Thank you]\n    offer --> customer[Customer]\n',
  },
  {
    kind: 'sequence',
    title: 'Sequence',
    source:
      'sequenceDiagram\n    Customer->>Shop: Order\n    Shop->>Oven: Bake\n    Oven-->>Shop: Bread\n    Shop-->>Customer: Delivery\n',
  },
  {
    kind: 'gantt',
    title: 'Timeline',
    source:
      'gantt\n    dateFormat YYYY-MM-DD\n    section Prepare\n    Find a place :place, 2026-01-05, 30d\n    Buy the oven :after place, 14d\n    section Open\n    First customers :2026-03-01, 21d\n',
  },
  {
    kind: 'mindmap',
    title: 'Mind map',
    source: 'mindmap\n  Business\n    Customers\n    Offer\n    Money\n      Income\n      Costs\n',
  },
  {
    kind: 'state',
    title: 'States',
    source:
      'stateDiagram-v2\n    [*] --> Trial\n    Trial --> Subscribed\n    Trial --> [*]\n    Subscribed --> Paused\n    Paused --> Subscribed\n',
  },
  {
    kind: 'pie',
    title: 'Shares',
    source: 'pie title Costs\n    "Flour" : 40\n    "People" : 45\n    "Rent" : 15\n',
  },
]

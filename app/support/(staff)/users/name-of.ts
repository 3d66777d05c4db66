type Named = { first_name: string; last_name: string }

export const nameOf = (person: Named): string => `${person.first_name} ${person.last_name}`
